/* Two diagrams beside each other: what was added, removed, changed or moved is marked and said. */
(function () {
  "use strict";
  if (!window.BpmnJS) { return; }
  function mark(viewer, marks, words) {
    var canvas = viewer.get("canvas"), overlays = viewer.get("overlays"), known = viewer.get("elementRegistry"), shown = [];
    Object.keys(marks).forEach(function (id) {
      var one = known.get(id);
      if (!one || !one.parent) { return; } // a mark on the whole page would colour everything in it
      canvas.addMarker(id, "cmp-" + marks[id]);
      if (one.children && one.children.length) { canvas.addMarker(id, "cmp-frame"); }
      if (one.waypoints) { return; }
      shown.push(one);
      var label = document.createElement("div");
      label.className = "cmp-note cmp-note-" + marks[id];
      label.textContent = words[marks[id]];
      overlays.add(id, "note", { position: { top: -24, left: 0 }, html: label });
    });
    window.Sight.begin(viewer, shown[0], 0.6);
  }
  function draw(box) {
    var viewer = new window.BpmnJS({ container: box }), marks = JSON.parse(box.dataset.marks), words = JSON.parse(box.dataset.words);
    window.ModelFile.read(box).then(function (xml) { return viewer.importXML(xml); }).then(function () {
      mark(viewer, marks, words);
      box.dataset.ready = "yes";
    }).catch(function (error) { window.ModelFile.failed(box, error); });
  }
  window.Marked = { mark: mark };
  Array.prototype.forEach.call(document.querySelectorAll("[data-compare]"), draw);
})();
