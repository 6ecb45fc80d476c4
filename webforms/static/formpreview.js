/* A form as form-js renders it; nothing typed here is sent anywhere. */
(function () {
  "use strict";
  var box = document.getElementById("form-preview"), button = document.getElementById("check-form");
  if (!box || !window.FormViewer) { return; }
  window.ModelFile.read(box).then(function (text) {
    return window.FormViewer.createForm({
      container: box, schema: JSON.parse(text), data: JSON.parse(box.dataset.given),
      additionalModules: window.ModelFile.inChinese(window.FormViewer.TranslateModule)
    });
  }).then(function (form) {
    var said = document.getElementById("checked");
    button.hidden = false;
    button.addEventListener("click", function () {
      var wrong = Object.keys(form.validate()).length;
      said.textContent = wrong ? said.dataset.wrong : said.dataset.fine;
    });
    box.dataset.ready = "yes";
  }).catch(function (error) { window.ModelFile.failed(box, error); });
})();
