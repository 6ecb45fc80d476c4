/* The diagram with the ways of scenarios: green was travelled, with a number; red is what none of them comes to. */
(function () {
  "use strict";
  var box = document.getElementById("canvas");
  if (!box || !window.BpmnJS) { return; }
  var viewer = new window.BpmnJS({ container: box });
  var marks = JSON.parse(box.dataset.marks), unreached = JSON.parse(box.dataset.unreached);
  window.ModelFile.read(box).then(function (xml) { return viewer.importXML(xml); }).then(function () {
    var canvas = viewer.get("canvas"), overlays = viewer.get("overlays"), known = viewer.get("elementRegistry"), first = null;
    function isFrame(one) { return one.children && one.children.length > 0; }
    function middle(flow) { // of its longest stretch, in the rectangle around it
      var best = 0, found = { x: 0, y: 0 };
      var left = Math.min.apply(null, flow.waypoints.map(function (p) { return p.x; }));
      var top = Math.min.apply(null, flow.waypoints.map(function (p) { return p.y; }));
      flow.waypoints.slice(1).forEach(function (to, index) {
        var from = flow.waypoints[index], long = Math.abs(to.x - from.x) + Math.abs(to.y - from.y);
        if (long >= best) { best = long; found = { x: (from.x + to.x) / 2 - left, y: (from.y + to.y) / 2 - top }; }
      });
      return found;
    }
    function badge(id, words, style, at) {
      var label = document.createElement("div");
      label.className = "flow-count " + style;
      label.textContent = words;
      label.title = marks.words.replace("%(count)s", words);
      overlays.add(id, "coverage", { position: at, html: label, show: { minZoom: 0.45 } });
    }
    function ends(flow, style) { [flow.source, flow.target].forEach(function (one) { if (one && !isFrame(one)) { canvas.addMarker(one.id, style); } }); }
    Object.keys(marks.flows).forEach(function (id) {
      var flow = known.get(id);
      if (!flow || !flow.waypoints) { return; }
      canvas.addMarker(id, "done");
      ends(flow, "done");
      var at = middle(flow);
      badge(id, String(marks.flows[id]), "", { left: at.x - 9, top: at.y - 9 });
    });
    marks.missed.forEach(function (id) {
      var flow = known.get(id);
      if (!flow || !flow.waypoints) { return; }
      canvas.addMarker(id, "flow-missed");
      first = first || flow.target;
      var at = middle(flow);
      badge(id, "0", "is-missed", { left: at.x - 9, top: at.y - 9 });
    });
    unreached.forEach(function (id) { if (known.get(id)) { canvas.addMarker(id, "late"); first = first || known.get(id); } });
    window.Sight.begin(viewer, first, 0.6);
    window.Sight.buttons(viewer);
    box.dataset.ready = "yes";
  }).catch(function (error) { window.ModelFile.failed(box, error); });
})();
