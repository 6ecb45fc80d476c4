/* A folder, a zip or files dropped on the upload form: they go into it with their places in the folder. */
(function () {
  "use strict";
  var form = document.getElementById("upload");
  if (!form || !window.DataTransfer || !window.DataTransfer.prototype.hasOwnProperty("items")) { return; }
  var zone = document.getElementById("drop"), input = document.getElementById("f-files"), folder = document.getElementById("f-folder");
  var list = document.getElementById("dropped-list"), wrong = document.getElementById("dropped-wrong");
  var kinds = form.dataset.kinds.split(" "), IGNORED = /(^|\/)(\.|__MACOSX|Thumbs\.db$|desktop\.ini$)/;
  zone.hidden = false;
  function each(items, act) { Array.prototype.forEach.call(items, act); }
  function entries(reader) { // a folder tells its entries in portions
    return new Promise(function (done, failed) { reader.readEntries(done, failed); }).then(function (some) {
      return some.length ? entries(reader).then(function (more) { return some.concat(more); }) : some;
    });
  }
  function inside(entry, around) {
    var path = around + entry.name;
    if (IGNORED.test(path)) { return Promise.resolve([]); }
    if (entry.isFile) {
      return new Promise(function (done, failed) { entry.file(done, failed); }).then(function (file) { return [{ path: path, file: file }]; });
    }
    return entries(entry.createReader()).then(function (found) {
      return Promise.all(found.map(function (one) { return inside(one, path + "/"); }));
    }).then(function (parts) { return [].concat.apply([], parts); });
  }
  function complain(found) {
    var odd = found.filter(function (one) { return !kinds.some(function (kind) { return one.path.toLowerCase().endsWith(kind); }); });
    var total = found.reduce(function (sum, one) { return sum + one.file.size; }, 0), words = "";
    if (odd.length) { words = wrong.dataset.kind + " " + odd.slice(0, 5).map(function (one) { return one.path; }).join("，"); }
    else if (total > Number(form.dataset.total) || found.length > Number(form.dataset.count)) { words = wrong.dataset.large; }
    say(words);
    return words;
  }
  function say(words) { wrong.textContent = words; wrong.hidden = !words; }
  function keep(found) {
    clear();
    if (complain(found)) { return; }
    var chosen = new window.DataTransfer();
    found.forEach(function (one) {
      var row = document.createElement("li"), path = document.createElement("input");
      chosen.items.add(one.file);
      path.type = "hidden";
      path.name = "path";
      path.value = one.path;
      row.textContent = one.path;
      row.append(path);
      list.append(row);
    });
    folder.value = "";
    input.files = chosen.files;
    document.getElementById("dropped-said").textContent = document.getElementById("dropped-said").dataset.one + " " + found.length;
    document.getElementById("dropped").hidden = !found.length;
  }
  function clear() { list.replaceChildren(); document.getElementById("dropped").hidden = true; say(""); }
  each(["dragover", "dragenter"], function (kind) { form.addEventListener(kind, function (event) { event.preventDefault(); zone.classList.add("drop-over"); }); });
  form.addEventListener("dragleave", function (event) { if (!form.contains(event.relatedTarget)) { zone.classList.remove("drop-over"); } });
  form.addEventListener("drop", function (event) {
    event.preventDefault();
    zone.classList.remove("drop-over");
    var found = Array.prototype.map.call(event.dataTransfer.items, function (item) {
      var entry = item.webkitGetAsEntry ? item.webkitGetAsEntry() : null, file = item.getAsFile();
      if (entry) { return inside(entry, ""); }
      return Promise.resolve(file ? [{ path: file.name, file: file }] : []);
    });
    Promise.all(found).then(function (parts) { keep([].concat.apply([], parts)); }).catch(function (error) { say(String(error && error.message || error)); });
  });
  each([input, folder], function (one) { one.addEventListener("change", function () {
    clear();
    if (one === folder) { input.value = ""; } else { folder.value = ""; }
    complain(Array.prototype.map.call(one.files, function (file) { return { path: file.webkitRelativePath || file.name, file: file }; })
      .filter(function (found) { return !IGNORED.test(found.path); }));
  }); });
  document.getElementById("dropped-clear").addEventListener("click", function () { input.value = ""; clear(); input.focus(); });
  form.addEventListener("submit", function (event) {
    if (!input.files.length && !folder.files.length) { say(wrong.dataset.none); }
    if (!wrong.hidden) { event.preventDefault(); event.stopImmediatePropagation(); wrong.scrollIntoView({ block: "nearest" }); }
  });
})();
