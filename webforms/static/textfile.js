/* Everything else is text: a field with numbered lines. */
(function () {
  "use strict";
  var box = document.getElementById("text-editor"), text = document.getElementById("text"), lines = document.getElementById("lines");
  if (!box) { return; }
  function number() {
    var count = text.value.split("\n").length, made = [];
    for (var line = 1; line <= count; line += 1) { made.push(line); }
    lines.textContent = made.join("\n");
    lines.scrollTop = text.scrollTop;
  }
  function jump(place) {
    var found = /^line-(\d+)$/.exec(place);
    var start = found ? text.value.split("\n").slice(0, Number(found[1]) - 1).join("\n").length + (Number(found[1]) > 1) : text.value.indexOf(place);
    if (!place || start < 0) { return false; }
    text.focus();
    text.setSelectionRange(start, found ? Math.max(start, text.value.indexOf("\n", start)) : start + place.length);
    text.scrollTop = Math.max(0, (text.value.slice(0, start).split("\n").length - 4) * parseFloat(getComputedStyle(text).lineHeight));
    return true;
  }
  var saving = window.Saving(box, function () { return text.value; }, jump);
  text.addEventListener("input", function () { number(); saving.changed(); });
  text.addEventListener("scroll", function () { lines.scrollTop = text.scrollTop; });
  number();
  jump(decodeURIComponent(window.location.hash.slice(1)));
  box.dataset.ready = "yes";
})();
