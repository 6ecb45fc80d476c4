/* Two diagrams beside each other: what was added, removed, changed or moved is marked and said. */
(function () {
  "use strict";
  if (!window.BpmnJS) { return; }
  function draw(box) {
    var viewer = new window.BpmnJS({ container: box }), marks = JSON.parse(box.dataset.marks), words = JSON.parse(box.dataset.words);
    window.ModelFile.read(box).then(function (xml) { return viewer.importXML(xml); }).then(function () {
      var canvas = viewer.get("canvas"), overlays = viewer.get("overlays"), known = viewer.get("elementRegistry"), shown = [];
      Object.keys(marks).forEach(function (id) {
        var one = known.get(id);
        if (!one) { return; }
        canvas.addMarker(id, "cmp-" + marks[id]);
        if (one.children && one.children.length) { canvas.addMarker(id, "cmp-frame"); }
        if (one.waypoints || one === canvas.getRootElement()) { return; }
        shown.push(one);
        var label = document.createElement("div");
        label.className = "cmp-note cmp-note-" + marks[id];
        label.textContent = words[marks[id]];
        overlays.add(id, "note", { position: { top: -24, left: 0 }, html: label });
      });
      canvas.zoom("fit-viewport", "auto");
      if (shown.length && canvas.zoom() < 0.5) { // a long diagram: show the first change near enough to be read
        var first = shown[0], view = canvas.viewbox(), scale = 0.6;
        var width = view.outer.width / scale, height = view.outer.height / scale;
        canvas.viewbox({ x: first.x + first.width / 2 - width / 2, y: first.y + first.height / 2 - height / 2, width: width, height: height });
      }
      box.dataset.ready = "yes";
    }).catch(function (error) { window.ModelFile.failed(box, error); });
  }
  Array.prototype.forEach.call(document.querySelectorAll("[data-compare]"), draw);
})();
