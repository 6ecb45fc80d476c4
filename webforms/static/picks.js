/* The properties an analyst changes most, for the chosen element: filled from the roles of the house and the folder. */
window.Picks = function (modeler, box, panel) {
  "use strict";
  var words = JSON.parse(box.dataset.words), choices = JSON.parse(box.dataset.choices);
  function kindOf(element) { return element.businessObject.$type; }
  function timerOf(element) {
    var found = (element.businessObject.eventDefinitions || []).filter(function (one) { return one.$type === "bpmn:TimerEventDefinition"; })[0];
    return found && { definition: found, kind: ["timeDuration", "timeDate", "timeCycle"].filter(function (name) { return found[name]; })[0] || "timeDuration" };
  }
  function listOf(element) {
    var values = (element.businessObject.extensionElements || {}).values || [];
    return values.filter(function (one) { return one.$type === "camunda:Properties"; })[0];
  }
  function property(name) {
    return {
      get: function (element) {
        var list = listOf(element);
        var found = list && (list.values || []).filter(function (one) { return one.name === name; })[0];
        return found ? found.value : "";
      },
      set: function (element, value) {
        var moddle = modeler.get("moddle"), modeling = modeler.get("modeling"), list = listOf(element);
        var others = ((list && list.values) || []).filter(function (one) { return one.name !== name; });
        var made = moddle.create("camunda:Properties", { values: value ? others.concat(moddle.create("camunda:Property", { name: name, value: value })) : others });
        var kept = ((element.businessObject.extensionElements || {}).values || []).filter(function (one) { return one !== list; });
        modeling.updateProperties(element, { extensionElements: moddle.create("bpmn:ExtensionElements", { values: kept.concat(made) }) });
      }
    };
  }
  function attribute(name, along) {
    return {
      get: function (element) { return element.businessObject.get(name) || ""; },
      set: function (element, value) {
        var change = {};
        change[name] = value || undefined;
        Object.keys(along || {}).forEach(function (key) { change[key] = value ? along[key] : undefined; });
        modeler.get("modeling").updateProperties(element, change);
      }
    };
  }
  var timer = {
    get: function (element) { var found = timerOf(element); return (found.definition[found.kind] || {}).body || ""; },
    set: function (element, value) {
      var found = timerOf(element), change = {}, expression = modeler.get("moddle").create("bpmn:FormalExpression", { body: value });
      expression.$parent = found.definition;
      change[found.kind] = value ? expression : undefined;
      modeler.get("modeling").updateModdleProperties(element, found.definition, change);
    }
  };
  var NOTICE = /^=\s*\{\s*"role":\s*"(\w+)",\s*"text":\s*"((?:[^"\\]|\\.)*)"\s*\}$/, half = {};
  function tells(element) { // whom and what, where the content is only that; what is written otherwise stays FEEL
    var written = property("payload").get(element), parts = NOTICE.exec(written);
    if (written.trim() && !parts) { return null; }
    return half[element.id] || { whom: parts ? parts[1] : "", say: parts ? JSON.parse('"' + parts[2] + '"') : "" };
  }
  function telling(part) {
    return {
      get: function (element) { return tells(element)[part]; },
      set: function (element, value) {
        var told = half[element.id] = tells(element);
        told[part] = value;
        if (!told.whom || !told.say) { return; } // half a notice is none
        property("payload").set(element, '={"role": ' + JSON.stringify(told.whom) + ', "text": ' + JSON.stringify(told.say) + "}");
        delete half[element.id];
      }
    };
  }
  function decidedBy(text) { // "=profile.accept": the column of the table whose result the diagram calls "profile"
    var parts = /^=\s*([^\s.]+)(?:\.([^\s.]+))?\s*$/.exec(text);
    var asking = parts && modeler.get("elementRegistry").filter(function (one) {
      return one.businessObject.$type === "bpmn:BusinessRuleTask" && one.businessObject.get("camunda:resultVariable") === parts[1];
    })[0];
    return asking && choices.columns.filter(function (one) {
      return one.decision === asking.businessObject.get("camunda:decisionRef") && (!parts[2] || one.name === parts[2]);
    })[0];
  }
  function leading(file, place, text) { // to another editor; what is typed here is saved first
    var link = document.createElement("a");
    link.href = box.dataset.base + "/edit/" + file.split("/").map(encodeURIComponent).join("/") + (place ? "#" + encodeURIComponent(place) : "");
    link.className = "small";
    link.dataset.flush = "";
    link.textContent = text;
    panel.append(link);
  }
  function fieldsOf(element) {
    var kind = kindOf(element), fields = [];
    if (kind === "bpmn:UserTask") {
      fields.push(["role", attribute("camunda:candidateGroups"), choices.roles], ["form", attribute("camunda:formRef", { "camunda:formRefBinding": "deployment" }), choices.forms],
        ["due", attribute("camunda:dueDate")], ["deadline", property("deadline"), choices.deadlines], ["paper", property("paper"), choices.papers]);
    }
    if (kind === "bpmn:BusinessRuleTask") { fields.push(["decision", attribute("camunda:decisionRef"), choices.decisions]); }
    if (kind === "bpmn:ServiceTask" && element.businessObject.get("camunda:topic") === "notify") {
      if (tells(element)) { fields.push(["whom", telling("whom"), choices.roles], ["say", telling("say")]); } else { fields.push(["payload", property("payload")]); }
    }
    if (timerOf(element)) { fields.push(["timer", timer], ["deadline", property("deadline"), choices.deadlines]); }
    if (/Task$|Event$|SubProcess$|CallActivity$/.test(kind)) { fields.push(["law", property("law")]); }
    return fields;
  }
  function options(select, offered, value) {
    var all = [["", words.choose]].concat(offered);
    if (value && !offered.some(function (one) { return one[0] === value; })) { all.push([value, value + "（" + words.unknown + "）"]); }
    all.forEach(function (one) {
      var option = document.createElement("option");
      option.value = one[0];
      option.textContent = one[1];
      select.append(option);
    });
  }
  function draw(element) {
    panel.replaceChildren();
    var fields = element ? fieldsOf(element) : [];
    if (!fields.length) {
      var hint = document.createElement("p");
      hint.className = "quiet";
      hint.textContent = element ? words.plain : words.nothing;
      panel.append(hint);
    }
    fields.forEach(function (field) {
      var label = document.createElement("label"), value = field[1].get(element);
      var input = document.createElement(field[2] ? "select" : "input");
      label.className = "form-label";
      label.htmlFor = input.id = "pick-" + field[0];
      label.textContent = words[field[0]];
      input.className = (field[2] ? "form-select" : "form-control") + " form-control-sm";
      if (field[2]) { options(input, field[2], value); } else { input.autocomplete = "off"; }
      input.value = value;
      input.addEventListener("change", function () { field[1].set(element, input.value.trim()); });
      panel.append(label, input);
      var column = field[2] ? undefined : decidedBy(value);
      if (column) { leading(column.file, column.element, words.decided.replace("{table}", column.title).replace("{column}", column.label)); }
      if (field[0] === "form" && value) { leading("forms/" + value + ".form", "", words.open); }
    });
  }
  function chosen() { var found = modeler.get("selection").get(); return found.length === 1 ? found[0].labelTarget || found[0] : null; }
  modeler.on("selection.changed", function () { draw(chosen()); });
  function refresh() { // not under the hands of somebody who goes from one field to the next
    window.setTimeout(function () { if (!panel.contains(document.activeElement)) { draw(chosen()); } }, 0);
  }
  modeler.on("elements.changed", refresh);
  panel.addEventListener("focusout", refresh);
  draw(null);
};
