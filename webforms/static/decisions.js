/* Decision tables: to read on the page of a version, to change on the page of a draft. */
(function () {
  "use strict";
  var box = document.getElementById("tables");
  if (!box || !window.DmnJS) { return; }
  var chinese = { additionalModules: [window.Modeling.TranslateModule] };
  var tables = new window.DmnJS({
    container: box, drd: chinese, decisionTable: chinese, literalExpression: chinese, boxedExpression: chinese
  });
  var saving = window.Saving && box.dataset.save ? window.Saving(box, function () {
    return tables.saveXML({ format: true }).then(function (written) { return written.xml; });
  }) : null;
  function first() {
    var views = tables.getViews(), wanted = decodeURIComponent(window.location.hash.slice(1));
    return views.filter(function (view) { return view.id === wanted; })[0] ||
      views.filter(function (view) { return view.type !== "drd"; })[0] || views[0];
  }
  var heard = [];
  function listen() {
    var active = tables.getActiveViewer();
    if (!saving || !active || heard.indexOf(active) >= 0) { return; }
    heard.push(active);
    active.on("commandStack.changed", function () { saving.changed(); });
  }
  window.ModelFile.read(box).then(function (xml) { return tables.importXML(xml, { open: false }); }).then(function () {
    tables.on("views.changed", function () { window.setTimeout(listen, 0); });
    return tables.open(first());
  }).then(function () {
    listen();
    box.dataset.ready = "yes";
  }).catch(function (error) { window.ModelFile.failed(box, error); });
  if (saving) {
    // what is tried out is what is on the screen: it is saved first
    document.body.addEventListener("htmx:confirm", function (event) {
      if (!event.target.closest("#trial")) { return; }
      event.preventDefault();
      saving.flush().then(function () { event.detail.issueRequest(true); });
    });
  }
})();
