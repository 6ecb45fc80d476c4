/* Where a diagram is looked at: the whole of it, or, where that would be too small to read, the element that matters. */
(function () {
  "use strict";
  var READABLE = 0.55;
  /* Bring an element into the middle; `share` of the width stays to its left. */
  function near(viewer, shape, scale, share) {
    var canvas = viewer.get("canvas"), view = canvas.viewbox();
    var at = shape.waypoints ? shape.waypoints[0] : { x: shape.x + (shape.width || 0) / 2, y: shape.y + (shape.height || 0) / 2 };
    var width = view.outer.width / scale, height = view.outer.height / scale;
    canvas.setRootElement(canvas.findRoot(shape));
    canvas.viewbox({ x: at.x - width * (share === undefined ? 0.5 : share), y: at.y - height / 2, width: width, height: height });
  }
  /* The first look: the whole diagram, or `shape`, or where it begins. */
  function begin(viewer, shape, scale) {
    var canvas = viewer.get("canvas");
    canvas.zoom("fit-viewport", "auto");
    if (canvas.zoom() >= READABLE) { return; }
    var start = viewer.get("elementRegistry").filter(function (one) { return one.type === "bpmn:StartEvent"; })[0];
    if (shape) { near(viewer, shape, scale || 0.75); } else if (start) { near(viewer, start, scale || 0.75, 0.25); }
  }
  /* The buttons that make it larger and smaller. */
  function buttons(viewer) {
    var canvas = viewer.get("canvas");
    Array.prototype.forEach.call(document.querySelectorAll("[data-zoom]"), function (button) {
      button.hidden = false;
      button.addEventListener("click", function () {
        var how = button.dataset.zoom;
        canvas.zoom(how === "fit" ? "fit-viewport" : canvas.zoom() * Number(how), how === "fit" ? "auto" : undefined);
      });
    });
  }
  /* On paper: the whole of it, as wide as a sheet lying across, with its badges; afterwards again what was looked at. */
  function printed(viewer, box) {
    var SHEET = 1000, TALL = 0.55, canvas = viewer.get("canvas"), looked = null; // CSS pixels
    window.addEventListener("beforeprint", function () {
      looked = canvas.viewbox();
      var width = box.clientWidth;
      box.style.width = width + "px";
      box.style.height = Math.round(width * TALL) + "px";
      box.style.zoom = SHEET / width;
      canvas.resized();
      canvas.zoom("fit-viewport", "auto");
    });
    window.addEventListener("afterprint", function () {
      box.style.width = box.style.height = box.style.zoom = "";
      canvas.resized();
      if (looked) { canvas.viewbox(looked); }
    });
  }
  window.Sight = { near: near, begin: begin, buttons: buttons, printed: printed };
})();
