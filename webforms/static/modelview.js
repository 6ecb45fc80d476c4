/* The diagram of a published version: choosing an element shows its row of the table beside the picture. */
(function () {
  "use strict";
  var box = document.getElementById("canvas"), about = document.getElementById("about-element");
  if (!box || !window.BpmnJS) { return; }
  var viewer = new window.BpmnJS({ container: box });
  function show(id) {
    var row = document.querySelector("tr[data-element='" + CSS.escape(id) + "']");
    document.getElementById("about-hint").hidden = !!row;
    about.replaceChildren();
    if (!row) { return; }
    var title = document.createElement("h3"), kind = document.createElement("p");
    title.textContent = row.cells[0].textContent;
    kind.className = "quiet small";
    kind.textContent = row.cells[1].textContent + " · " + id;
    about.append(title, kind);
    Array.prototype.forEach.call(row.cells[2].children, function (one) { about.append(one.cloneNode(true)); });
  }
  function jump() {
    var id = decodeURIComponent(window.location.hash.slice(1)).replace(/^element-/, ""), known = viewer.get("elementRegistry").get(id);
    if (!known) { return; }
    viewer.get("selection").select(known);
    window.Sight.near(viewer, known, 0.8);
  }
  window.ModelFile.read(box).then(function (xml) { return viewer.importXML(xml); }).then(function () {
    window.Sight.begin(viewer);
    viewer.on("selection.changed", function (event) { show(event.newSelection.length === 1 ? event.newSelection[0].id.replace(/_label$/, "") : ""); });
    window.addEventListener("hashchange", jump);
    jump();
    box.dataset.ready = "yes";
  }).catch(function (error) { window.ModelFile.failed(box, error); });
})();
