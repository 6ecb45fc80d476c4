/* The diagram of a case with its token: green is the way it took, blue is where it stands, red is late. */
(function () {
  "use strict";
  var box = document.getElementById("canvas");
  if (!box || !window.BpmnJS) { return; }
  function list(name) { return (box.dataset[name] || "").split(" ").filter(Boolean); }
  var viewer = new window.BpmnJS({ container: box });
  fetch(box.dataset.diagram, { credentials: "same-origin" })
    .then(function (answer) { if (!answer.ok) { throw new Error(answer.status); } return answer.text(); })
    .then(function (xml) { return viewer.importXML(xml); })
    .then(function () {
      var canvas = viewer.get("canvas"), overlays = viewer.get("overlays"), known = viewer.get("elementRegistry");
      function opened(id) { var one = known.get(id); return one && one.children && one.children.length > 0; }
      function mark(ids, style) { ids.forEach(function (id) { if (known.get(id)) { canvas.addMarker(id, opened(id) ? style + "-frame" : style); } }); }
      function note(id, words, style) {
        if (!known.get(id) || opened(id)) { return; }
        var label = document.createElement("div");
        label.className = style;
        label.textContent = words;
        overlays.add(id, "note", { position: { top: -24, left: 0 }, html: label });
      }
      var late = list("late");
      mark(list("done"), "done");
      mark(list("current"), "current");
      mark(late, "late");
      list("current").forEach(function (id) {
        var isLate = late.indexOf(id) >= 0;
        note(id, isLate ? box.dataset.wordsLate : box.dataset.wordsCurrent, isLate ? "token token-late" : "token");
      });
      var first = list("current").filter(function (id) { return known.get(id) && !opened(id); }).map(function (id) { return known.get(id); })[0];
      window.Sight.begin(viewer, first);
      window.Sight.printed(viewer, box);
      box.dataset.ready = "yes";
    })
    .catch(function () { box.classList.add("is-empty"); box.textContent = box.getAttribute("aria-label"); });
})();
