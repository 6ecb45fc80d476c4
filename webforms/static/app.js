/* Conveniences only: every page works without this file. */
(function () {
  "use strict";
  function each(selector, act) { Array.prototype.forEach.call(document.querySelectorAll(selector), act); }
  function typing(target) { return /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) || target.isContentEditable; }

  var focus = document.querySelector("[data-focus]");
  if (focus) { focus.focus(); }
  var here = document.querySelector(".top nav li [aria-current]");
  if (here) { here.parentNode.parentNode.parentNode.scrollLeft = Math.max(0, here.offsetLeft - 60); } // a phone shows a part of the menu

  // "/" goes to the search field, j and k walk through a list, Enter opens what is marked
  var rows = Array.prototype.slice.call(document.querySelectorAll("tr[data-row]")), at = -1;
  function mark(next) {
    if (!rows.length) { return; }
    if (rows[at]) { rows[at].classList.remove("chosen"); }
    at = Math.max(0, Math.min(rows.length - 1, next));
    rows[at].classList.add("chosen");
    var link = rows[at].querySelector("a");
    if (link) { link.focus(); }
  }
  document.addEventListener("keydown", function (event) {
    if (event.ctrlKey && event.key === "s") {
      var draft = document.querySelector("[data-save]");
      if (draft) { event.preventDefault(); draft.click(); }
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) { return; }
    if (event.key === "/") {
      var search = document.querySelector("[data-key='/']");
      if (search) { event.preventDefault(); search.focus(); search.select(); }
    } else if (event.key === "j") { mark(at + 1); } else if (event.key === "k") { mark(at - 1); }
  });

  // the menu of the person closes when the attention goes elsewhere
  document.addEventListener("click", function (event) {
    each("details.who[open]", function (menu) { if (!menu.contains(event.target)) { menu.open = false; } });
  });

  // one click sends once; the server would recognise a second one anyway
  document.addEventListener("submit", function (event) {
    var form = event.target;
    if (form.dataset.sent) { event.preventDefault(); return; }
    if (form.method === "post" && !form.hasAttribute("hx-post")) {
      form.dataset.sent = "yes";
      window.setTimeout(function () { delete form.dataset.sent; }, 4000);
    }
  });
  window.addEventListener("pageshow", function () { each("form[data-sent]", function (form) { delete form.dataset.sent; }); });

  // choose all rows of a list
  each("[data-all]", function (box) {
    box.hidden = false;
    box.addEventListener("change", function () {
      each("input[name='" + box.dataset.all + "']", function (one) { one.checked = box.checked; });
    });
  });
  // the accounts of the demonstration fill the form
  each("[data-fill]", function (button) {
    button.hidden = false;
    button.addEventListener("click", function () {
      document.getElementById("f-username").value = button.dataset.fill;
      document.getElementById("f-password").value = button.dataset["with"];
      document.querySelector("main form button").focus();
    });
  });
  each("[data-print]", function (button) {
    button.hidden = false;
    button.addEventListener("click", function () { window.print(); });
  });
  // what is folded away is printed too
  window.addEventListener("beforeprint", function () {
    each("main details:not([open]):not(.no-print)", function (one) { one.open = true; one.dataset.opened = "yes"; });
  });
  window.addEventListener("afterprint", function () {
    each("details[data-opened]", function (one) { one.open = false; delete one.dataset.opened; });
  });
  // filters apply at once; without scripts there is a button
  each("form[data-auto]", function (form) {
    each("form[data-auto] .apply", function (button) { button.classList.add("visually-hidden"); });
    form.addEventListener("change", function (event) { if (event.target.tagName === "SELECT") { form.submit(); } });
  });
})();
