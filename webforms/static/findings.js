/* What the checks say of the whole folder, as it is saved: each finding leads to its element, here or in its own editor. */
window.Findings = function (box, jump) {
  "use strict";
  var ORDER = ["semantics", "house", "warning"]; // what stops most comes first
  var words = JSON.parse(box.dataset.words), asked = 0;
  var list = document.getElementById("findings"), count = document.getElementById("findings-count");
  function look() {
    var mine = asked += 1;
    return fetch(box.dataset.base + "/findings.json", { credentials: "same-origin" }).then(function (answer) {
      return answer.ok ? answer.json() : Promise.reject(new Error(answer.status));
    }).then(function (found) { if (mine === asked) { show(found); } }).catch(function () { list.dataset.ready = "failed"; });
  }
  function declaring() { // the manifest is written for who designs a form
    var button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn-sm";
    button.textContent = words.declare;
    button.addEventListener("click", function () {
      fetch(box.dataset.base + "/facts", { method: "POST", credentials: "same-origin", headers: { "X-CSRFToken": box.dataset.token } }).then(look, look);
    });
    return button;
  }
  function show(found) {
    list.replaceChildren();
    count.textContent = found.length ? "(" + found.length + ")" : "";
    found.sort(function (one, other) {
      return (other.file === box.dataset.file) - (one.file === box.dataset.file) || ORDER.indexOf(one.level) - ORDER.indexOf(other.level);
    });
    found.forEach(function (finding) {
      var row = document.createElement("li"), link = document.createElement("a"), about = document.createElement("span");
      var place = finding.element || (finding.line ? "line-" + finding.line : "");
      link.href = box.dataset.base + "/edit/" + finding.file.split("/").map(encodeURIComponent).join("/") + (place ? "#" + encodeURIComponent(place) : "");
      link.textContent = finding.message;
      link.dataset.flush = "";
      about.className = "quiet small";
      about.textContent = finding.kind + " · " + finding.file + (place ? " · " + (finding.name ? finding.name + " " : "") + place : "") + (finding.remedy ? " · " + finding.remedy : "");
      row.dataset.level = finding.level;
      row.append(link, about);
      if (finding.declare && box.dataset.save) { about.append(" ", declaring()); }
      if (finding.file === box.dataset.file && jump) {
        link.addEventListener("click", function (event) { if (jump(place)) { event.preventDefault(); history.replaceState(null, "", link.hash || "#"); } });
      }
      list.append(row);
    });
    if (!found.length) {
      var none = document.createElement("li");
      none.className = "quiet";
      none.textContent = words.none;
      list.append(none);
    }
    list.dataset.ready = "yes";
  }
  return look;
};
