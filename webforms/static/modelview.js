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
    var canvas = viewer.get("canvas"), view = canvas.viewbox(), scale = 0.8; // near enough to be read
    var width = view.outer.width / scale, height = view.outer.height / scale;
    canvas.viewbox({ x: known.x + (known.width || 0) / 2 - width / 2, y: known.y + (known.height || 0) / 2 - height / 2, width: width, height: height });
  }
  window.ModelFile.read(box).then(function (xml) { return viewer.importXML(xml); }).then(function () {
    viewer.get("canvas").zoom("fit-viewport", "auto");
    viewer.on("selection.changed", function (event) { show(event.newSelection.length === 1 ? event.newSelection[0].id.replace(/_label$/, "") : ""); });
    window.addEventListener("hashchange", jump);
    jump();
    box.dataset.ready = "yes";
  }).catch(function (error) { window.ModelFile.failed(box, error); });
})();
