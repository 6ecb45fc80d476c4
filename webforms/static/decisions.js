/* Decision tables: to read on the page of a version, to change on the page of a draft. */
(function () {
  "use strict";
  var box = document.getElementById("tables");
  if (!box || !window.DmnJS) { return; }
  var language = { additionalModules: window.ModelFile.inChinese(window.Modeling.TranslateModule) };
  var tables = new window.DmnJS({
    container: box, drd: language, decisionTable: language, literalExpression: language, boxedExpression: language
  });
  var saving = window.Saving && box.dataset.save ? window.Saving(box, function () {
    return tables.saveXML({ format: true }).then(function (written) { return written.xml; });
  }, function (id) {
    var view = viewOf(id);
    if (view) { tables.open(view).then(function () { listen(); mark(id); }); }
    return !!view;
  }) : null;
  function holds(element, id, depth) { // the element of a finding is a decision, or a column, row or cell in it
    if (!element || typeof element !== "object" || depth > 8) { return false; }
    if (element.id === id) { return true; }
    return Object.keys(element).some(function (key) {
      if (key[0] === "$" || key === "di") { return false; }
      return [].concat(element[key]).some(function (one) { return one && one.$type && one.$parent === element && holds(one, id, depth + 1); });
    });
  }
  function viewOf(id) {
    var views = tables.getViews();
    return id ? views.filter(function (view) { return view.id === id; })[0] ||
      views.filter(function (view) { return view.type !== "drd" && holds(view.element, id, 0); })[0] : undefined;
  }
  function mark(id) {
    window.setTimeout(function () { // the table is drawn a moment after it is opened
      var cell = box.querySelector("[data-element-id='" + CSS.escape(id) + "'], [data-row-id='" + CSS.escape(id) + "'], [data-col-id='" + CSS.escape(id) + "']");
      Array.prototype.forEach.call(box.querySelectorAll(".here"), function (one) { one.classList.remove("here"); });
      box.scrollIntoView({ block: "nearest" });
      if (cell) { cell.classList.add("here"); cell.scrollIntoView({ block: "nearest", inline: "nearest" }); }
    }, 100);
  }
  function asked() { return decodeURIComponent(window.location.hash.slice(1)); }
  function first() {
    var views = tables.getViews();
    return viewOf(asked()) || views.filter(function (view) { return view.type !== "drd"; })[0] || views[0];
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
    if (asked()) { mark(asked()); }
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
