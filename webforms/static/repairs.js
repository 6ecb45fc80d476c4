/* Repairs on the diagram: numbered where they are, and beside it the diagram with those that are chosen. */
(function () {
  "use strict";
  var form = document.getElementById("repairs");
  if (!form || !window.BpmnJS) { return; }
  function each(list, act) { Array.prototype.forEach.call(list, act); }
  function numbered(card) {
    var box = card.querySelector("[data-numbered]"), rows = card.querySelectorAll("tr[data-repair]");
    var viewer = new window.BpmnJS({ container: box }), places = {};
    function choose(row, element) {
      each(rows, function (one) { one.classList.toggle("chosen", one === row); });
      each(box.querySelectorAll(".fix-here"), function (mark) { mark.classList.remove("fix-here"); });
      each(box.querySelectorAll("[data-number='" + row.dataset.repair + "']"), function (badge) { badge.classList.add("fix-here"); });
      if (element) { window.Sight.near(viewer, element, 0.6); }
    }
    function badge(row) {
      var made = document.createElement("button");
      made.type = "button";
      made.className = "fix-number";
      made.dataset.number = made.textContent = row.dataset.repair;
      made.addEventListener("click", function () { choose(row); row.scrollIntoView({ block: "center" }); });
      return made;
    }
    function show(row) {
      var known = viewer.get("elementRegistry"), number = row.querySelector(".repair-number");
      var element = known.get(row.dataset.element) || known.get(row.dataset.near);
      if (!element) { row.querySelector("[data-undrawn]").hidden = false; return; }
      var button = document.createElement("button"); // the number of the row leads to the same number in the picture
      button.type = "button";
      button.className = "repair-number";
      button.textContent = number.textContent;
      button.title = form.dataset.show;
      button.setAttribute("aria-label", form.dataset.show + " " + number.textContent);
      button.addEventListener("click", function () { choose(row, element); box.scrollIntoView({ block: "nearest" }); });
      number.replaceWith(button);
      row.addEventListener("click", function (event) { if (!event.target.closest("a, button, input")) { choose(row, element); } });
      if (!places[element.id]) {
        var root = !element.parent, at = { top: -14, left: -10 };
        if (element.waypoints) { at = middle(element); } // of the line, from the corner of its box
        places[element.id] = document.createElement("div");
        places[element.id].className = "fix-numbers";
        if (!root) {
          viewer.get("canvas").addMarker(element.id, "fix-mark");
          viewer.get("overlays").add(element.id, "repair", { position: at, html: places[element.id] });
        } else { box.append(places[element.id]); places[element.id].classList.add("fix-all"); }
      }
      places[element.id].append(badge(row));
    }
    function middle(line) {
      var points = line.waypoints, left = Math.min.apply(null, points.map(function (one) { return one.x; }));
      var top = Math.min.apply(null, points.map(function (one) { return one.y; })), from = Math.floor((points.length - 1) / 2);
      return {
        left: (points[from].x + points[from + 1].x) / 2 - left - 10, top: (points[from].y + points[from + 1].y) / 2 - top - 10
      };
    }
    window.ModelFile.read(box).then(function (xml) { return viewer.importXML(xml); }).then(function () {
      window.Sight.begin(viewer);
      each(rows, show);
      box.dataset.ready = "yes";
    }).catch(function (error) {
      each(rows, function (row) { row.querySelector("[data-undrawn]").hidden = false; });
      window.ModelFile.failed(box, error);
    });
  }
  function repaired(card) {
    var box = card.querySelector("[data-repaired]"), words = JSON.parse(box.dataset.words), viewer = null, asked = 0;
    function look() {
      var mine = asked += 1, chosen = form.querySelectorAll("input[name=id]:checked");
      var query = Array.prototype.map.call(chosen, function (one) { return "id=" + encodeURIComponent(one.value); }).join("&");
      box.dataset.ready = "no";
      fetch(box.dataset.after + "?" + query, { credentials: "same-origin" }).then(function (answer) {
        if (!answer.ok) { throw new Error(answer.status); }
        return answer.json();
      }).then(function (found) {
        if (mine !== asked) { return; }
        if (viewer) { viewer.destroy(); }
        box.replaceChildren();
        viewer = new window.BpmnJS({ container: box });
        return viewer.importXML(found.text).then(function () {
          window.Marked.mark(viewer, found.marks, words);
          box.dataset.ready = "yes";
        });
      }).catch(function (error) { window.ModelFile.failed(box, error); });
    }
    form.addEventListener("change", look);
    look();
  }
  each(document.querySelectorAll("[data-repairs-of]"), function (card) { numbered(card); repaired(card); });
})();
