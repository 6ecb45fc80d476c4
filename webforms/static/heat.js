/* The heat map: the fill says how much, badges say the numbers, a red badge what is late, a dashed frame who is awaited. */
(function () {
  "use strict";
  var box = document.getElementById("canvas");
  if (!box || !window.BpmnJS) { return; }
  var viewer = new window.BpmnJS({ container: box });
  fetch(box.dataset.diagram, { credentials: "same-origin" })
    .then(function (answer) { if (!answer.ok) { throw new Error(answer.status); } return answer.text(); })
    .then(function (xml) { return viewer.importXML(xml); })
    .then(function () {
      var canvas = viewer.get("canvas"), overlays = viewer.get("overlays"), known = viewer.get("elementRegistry");
      function badge(id, words, style, position) {
        var label = document.createElement("div");
        label.className = "heat-badge " + style;
        label.textContent = words;
        overlays.add(id, "heat", { position: position, html: label });
      }
      var marks = JSON.parse(box.dataset.heat);
      marks.forEach(function (mark) {
        var shape = known.get(mark.id);
        if (!shape) { return; }
        var isFrame = shape.children && shape.children.length > 0;
        if (mark.heat > 0 && !isFrame) { canvas.addMarker(mark.id, "heat-" + Math.max(1, Math.ceil(mark.heat / 20))); }
        if (mark.waits && !isFrame) { canvas.addMarker(mark.id, "heat-waits"); }
        if (mark.badge) { badge(mark.id, mark.badge, isFrame ? "is-frame" : "", isFrame ? { top: -12, left: 8 } : { bottom: 6, left: -6 }); }
        if (mark.late && !isFrame) { badge(mark.id, mark.late, "is-late", { top: -12, right: 24 }); }
      });
      var hot = marks.filter(function (mark) { var shape = known.get(mark.id); return mark.heat && shape && !(shape.children && shape.children.length); })
        .sort(function (a, b) { return b.heat - a.heat; })[0];
      window.Sight.begin(viewer, hot && known.get(hot.id));
      window.Sight.buttons(viewer);
      window.Sight.printed(viewer, box);
      box.dataset.ready = "yes";
    })
    .catch(function () { box.classList.add("is-empty"); box.textContent = box.getAttribute("aria-label"); });
})();
