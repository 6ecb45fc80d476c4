/* What is changed in an editor saves by itself; the state is shown, and nothing of somebody else is overwritten unseen. */
window.Saving = function (box, write, jump) {
  "use strict";
  var words = JSON.parse(box.dataset.words), revision = Number(box.dataset.revision);
  var state = document.getElementById("save-state"), conflict = document.getElementById("conflict");
  var timer = 0, dirty = false, running = null, blocked = false, theirs = 0;
  var PAUSE = 1200, AGAIN = 8000;
  function say(kind, more) {
    state.dataset.state = kind;
    state.textContent = words[kind] + (more ? " " + more : "");
  }
  function later(wait) { window.clearTimeout(timer); timer = window.setTimeout(save, wait); }
  function changed() { dirty = true; if (!blocked) { say("changed"); later(PAUSE); } }
  function save() {
    if (running) { return running.then(function () { return dirty && !blocked ? save() : undefined; }); }
    if (!dirty || blocked) { return Promise.resolve(); }
    window.clearTimeout(timer);
    dirty = false;
    say("saving");
    running = Promise.resolve().then(write).then(function (text) {
      return fetch(box.dataset.save, {
        method: "POST", credentials: "same-origin",
        headers: { "Content-Type": "application/json", "X-CSRFToken": box.dataset.token },
        body: JSON.stringify({ text: text, revision: revision })
      });
    }).then(function (answer) {
      return answer.json().catch(function () { return {}; }).then(function (said) { settled(answer.status, said); });
    }).catch(function (error) {
      dirty = true;
      say("failed", error && error.message);
      later(AGAIN);
    }).then(function () { running = null; if (dirty && !blocked && state.dataset.state === "saved") { changed(); } });
    return running;
  }
  function settled(status, said) {
    if (status === 200) {
      revision = said.revision;
      say("saved", said.at);
      look();
      return;
    }
    dirty = true;
    if (status === 409) {
      blocked = true;
      theirs = said.revision;
      var who = document.getElementById("conflict-who");
      who.textContent = (said.removed ? who.dataset.removed : who.dataset.words) + " " + said.who;
      conflict.hidden = false;
      conflict.focus();
      say("changed");
    } else if (status === 401) {
      say("signed_out");
      later(AGAIN);
    } else {
      say("failed", said.message);
      if (status >= 500) { later(AGAIN); }
    }
  }
  document.getElementById("keep-mine").addEventListener("click", function () {
    revision = theirs; // they were named; this is a choice, not an accident
    blocked = false;
    conflict.hidden = true;
    save();
  });
  document.getElementById("take-theirs").addEventListener("click", function () {
    dirty = false;
    window.location.reload();
  });
  document.getElementById("fetch-mine").addEventListener("click", function () {
    Promise.resolve(write()).then(function (text) {
      var link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
      link.download = box.dataset.file.split("/").pop();
      link.click();
    });
  });
  var now = document.getElementById("save-now");
  now.hidden = false;
  now.addEventListener("click", save);
  window.addEventListener("beforeunload", function (event) { if (dirty || running) { event.preventDefault(); event.returnValue = ""; } });
  document.addEventListener("click", function (event) {
    var link = event.target.closest("a[data-flush]");
    if (!link || event.defaultPrevented || (!dirty && !running)) { return; }
    event.preventDefault();
    save().then(function () { if (!dirty) { window.location = link.href; } });
  });

  var look = window.Findings(box, jump);
  look();
  return { changed: changed, flush: save };
};
