/* Conveniences of forms; every form works without this file. */
(function () {
  "use strict";
  var pressed = "";

  // to the summary of what is wrong, if there is one
  var summary = document.querySelector(".error-summary");
  if (summary) { summary.focus(); }

  // a link of the summary leads into the field, not only to it
  document.addEventListener("click", function (event) {
    var link = event.target.closest && event.target.closest(".error-summary a");
    var field = link && document.getElementById(link.getAttribute("href").slice(1));
    if (field) {
      event.preventDefault();
      field.scrollIntoView({ block: "center" });
      field.focus();
    }
  });

  // ask before a filled-in row goes
  function filled(card) {
    return Array.prototype.some.call(card.querySelectorAll("input:not([type=hidden]), textarea, select"), function (input) {
      return input.type === "checkbox" || input.type === "radio" ? input.checked : input.tagName !== "SELECT" && input.value !== "";
    });
  }
  document.addEventListener("click", function (event) {
    var button = event.target.closest && event.target.closest("button[name=_row]");
    if (!button) { return; }
    var card = button.closest(".form-row-card");
    if (button.dataset.confirm && card && filled(card) && !window.confirm(button.dataset.confirm)) {
      event.preventDefault();
      event.stopImmediatePropagation();
      return;
    }
    pressed = button.value;
  }, true);

  // a block whose condition did not change keeps what is being typed in it
  document.addEventListener("htmx:beforeSwap", function (event) {
    var block = event.detail.target;
    if (!block || !block.classList.contains("conditional")) { return; }
    var page = new DOMParser().parseFromString(event.detail.serverResponse, "text/html");
    var fresh = page.getElementById(block.id);
    if (!fresh || fresh.dataset.shown === block.dataset.shown) { event.detail.shouldSwap = false; }
  });

  // after a row came or went: continue there, and let conditions about the list look again
  document.addEventListener("htmx:afterSettle", function () {
    if (!pressed) { return; }
    var command = pressed.split(":"), path = command[1];
    pressed = "";
    var list = document.getElementById("f-" + path.replace(/\[\d+\]$/, "").replace(/[[\].]+/g, "-").replace(/-$/, ""));
    if (list) {
      var rows = Array.prototype.filter.call(list.children, function (one) { return one.classList.contains("form-row-card"); });
      var last = rows[rows.length - 1];
      var next = command[0] === "add" && last ? last.querySelector("input:not([type=hidden]), textarea, select") : null;
      (next || list.querySelector(".row-add") || list).focus();
    }
    document.body.dispatchEvent(new Event("rows"));
  });

  // what was typed in the last seconds is saved when the page is left or the telephone goes to sleep
  var form = document.getElementById("form"), saver = form && form.querySelector(".saved[hx-post]");
  var unsaved = false;
  if (form && saver && navigator.sendBeacon && window.URLSearchParams && FormData.prototype.forEach) {
    form.addEventListener("input", function () { unsaved = true; });
    form.addEventListener("change", function () { unsaved = true; });
    form.addEventListener("submit", function () { unsaved = false; });
    document.addEventListener("htmx:afterRequest", function (event) {
      if (event.detail.elt === saver && event.detail.successful) { unsaved = false; }
    });
    document.addEventListener("visibilitychange", function () {
      if (document.visibilityState !== "hidden" || !unsaved) { return; }
      var typed = new URLSearchParams();
      new FormData(form).forEach(function (value, name) { if (typeof value === "string") { typed.append(name, value); } });
      unsaved = !navigator.sendBeacon(saver.getAttribute("hx-post"), typed);
    });
  }

  // the names of several chosen files
  document.addEventListener("change", function (event) {
    var input = event.target;
    if (input.type !== "file" || !input.multiple) { return; }
    var names = input.parentNode.querySelector(".chosen-files");
    if (!names) {
      names = document.createElement("ul");
      names.className = "chosen-files";
      input.parentNode.insertBefore(names, input.nextSibling);
    }
    names.textContent = "";
    Array.prototype.forEach.call(input.files, function (file) {
      var line = document.createElement("li");
      line.textContent = file.name;
      names.appendChild(line);
    });
  });
}());
