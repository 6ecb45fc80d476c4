/* On every page about a file of a model: the list of the other files, and fetching the text of this one. */
(function () {
  "use strict";
  var form = document.querySelector("[data-open-file]");
  if (form) {
    form.hidden = false;
    form.addEventListener("submit", function (event) { event.preventDefault(); });
    form.querySelector("select").addEventListener("change", function (event) {
      window.location = form.dataset.base + event.target.value.split("/").map(encodeURIComponent).join("/");
    });
  }
  window.ModelFile = {
    inChinese: function (module) { return document.documentElement.lang.indexOf("zh") === 0 ? [module] : []; }, // the libraries speak English
    read: function (box) {
      return fetch(box.dataset.source, { credentials: "same-origin" }).then(function (answer) {
        if (!answer.ok) { throw new Error(answer.status); }
        return answer.text();
      });
    },
    failed: function (box, error) {
      var words = document.createElement("p");
      words.className = "note note-error";
      words.textContent = box.dataset.failed + " " + (error && error.message || "");
      if (box.dataset.text) { // what no editor can open is still text
        var link = document.createElement("a");
        link.href = box.dataset.text;
        link.textContent = box.dataset.textWords;
        words.append(" ", link);
      }
      box.replaceChildren(words);
      box.dataset.ready = "failed";
      if (box.dataset.save && window.Findings) { window.Findings(box, null)(); }
    }
  };
})();
