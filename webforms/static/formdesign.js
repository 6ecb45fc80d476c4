/* The form editor of form-js on a draft. */
(function () {
  "use strict";
  var box = document.getElementById("form-design");
  if (!box || !window.FormEditor) { return; }
  window.ModelFile.read(box).then(function (text) {
    return window.FormEditor.createFormEditor({ container: box, schema: JSON.parse(text) });
  }).then(function (editor) {
    function jump(key) {
      var fields = editor.get("formFieldRegistry").getAll();
      var found = fields.filter(function (one) { return one.id === key || one.key === key; })[0];
      if (!found) { return false; }
      editor.get("selection").set(found);
      return true;
    }
    var saving = window.Saving(box, function () { return JSON.stringify(editor.saveSchema(), null, 2) + "\n"; }, jump);
    editor.on("changed", function () { saving.changed(); });
    jump(decodeURIComponent(window.location.hash.slice(1)));
    box.dataset.ready = "yes";
  }).catch(function (error) { window.ModelFile.failed(box, error); });
})();
