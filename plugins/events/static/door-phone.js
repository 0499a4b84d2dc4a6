// The door on a phone: scans against the list that it keeps, sends when there is a network.
"use strict";

(async () => {
  const root = document.querySelector("[data-phone]");
  const part = (name) => root.querySelector(`[data-${name}]`);
  const words = JSON.parse(root.dataset.words), id = root.dataset.phone;
  const say = (code, values = {}) => (words[code] || code).replace(/\{(\w+)\}/g, (_all, key) => values[key]);
  const clock = (at) => new Date(at).toLocaleString(document.documentElement.lang, { dateStyle: "short", timeStyle: "short" });
  let door = null, pin = "", token = root.dataset.token, sending = false;

  const notice = (text, tone = "rose") => {
    const place = part("said");
    place.hidden = !text;
    place.className = `notice c-${tone}`;
    place.textContent = text;
  };
  const make = (tag, cls, text = "") => Object.assign(document.createElement(tag), { className: cls, textContent: text });
  const button = (text, cls, act) => {
    const made = make("button", `btn ${cls}`, text);
    made.type = "button";
    made.addEventListener("click", act);
    return made;
  };

  const show = () => {
    part("net").textContent = navigator.onLine ? say("online") : say("offline");
    part("enter").hidden = Boolean(door);
    part("door").hidden = !door;
    if (!door) return;
    const [inside, all] = door.inside();
    part("count").textContent = `${inside} / ${all}`;
    part("list-of").textContent = say("list_of", { at: clock(door.list.made) });
    part("queue").textContent = door.queue.length ? say("not_sent", { n: door.queue.length }) : say("all_sent");
    const line = (each) => make("li", "item", `${each.name} · ${clock(each.at)} · ${say(each.outcome)}`);
    part("conflicts").replaceChildren(...door.conflicts.map(line));
  };

  const changed = async (text) => {
    part("parties").replaceChildren();
    notice(text, "green");
    show();
    await send();
  };

  const pick = (seat, ticked) => {
    const label = make("label", "pick"), name = make("span", "grow", seat.name || "—");
    if (seat.in) name.append(make("span", "item-m d-block", say("in_since", { at: clock(seat.in) })));
    const box = make("input", "form-check-input");
    Object.assign(box, { type: "checkbox", value: seat.id, checked: ticked });
    label.append(name, box);
    return label;
  };

  const group = (party, seats, out) => {
    const made = make("div", "stack");
    const act = async () => {
      const ids = [...made.querySelectorAll("input:checked")].map((box) => box.value);
      if (!ids.length) { notice(say("nobody_ticked")); return; }
      await door.scan(party.ticket, ids, out);
      await changed(out ? say("OUT") : say("they_are_in", { n: ids.length }));
    };
    made.append(...seats.map((seat) => pick(seat, !out)));
    made.append(button(say(out ? "take_back" : "let_in"), out ? "btn-quiet" : "btn-primary btn-lg", act));
    return made;
  };

  const card = (party) => {
    const made = make("section", "card stack");
    made.append(make("h2", "", say("party_of", { n: party.seats.length })));
    const outside = party.seats.filter((seat) => !seat.in), inside = party.seats.filter((seat) => seat.in);
    if (outside.length && !door.refusal(party)) made.append(group(party, outside, false));
    if (inside.length) made.append(group(party, inside, true));
    return made;
  };

  const unknown = (ticket) => {
    const made = make("section", "card stack");
    made.append(make("p", "", say("not_on_list", { at: clock(door.list.made) })));
    made.append(button(say("all_the_same"), "btn-line", async () => {
      await door.scan(ticket, []);
      await changed(say("not_sent", { n: door.queue.length }));
    }));
    return made;
  };

  // A refusal is told and the scanner goes on; the next code replaces it.
  const look = (text) => {
    const ticket = Scan.ticket(text);
    const asked = text.trim();
    const parties = ticket ? [door.party(ticket)].filter(Boolean) : asked ? door.called(asked) : [];
    part("parties").replaceChildren(...parties.filter((each) => each.seats.length).map(card));
    if (!asked) { notice(""); return; }
    if (!ticket) { notice(parties.length ? "" : say("UNKNOWN_NAME")); return; }
    const code = door.refusal(parties[0]);
    notice(code ? say(code) : "", code === "ALREADY_IN" ? "gold" : "rose");
    if (code === "UNKNOWN_TICKET") part("parties").append(unknown(ticket));
  };
  const scanned = (text) => {
    const ticket = Scan.ticket(text);
    if (ticket) { look(ticket); return; }
    part("parties").replaceChildren();
    notice(say("UNKNOWN_TICKET"));
  };

  const post = async (url, body, type) => {
    const headers = { "X-CSRFToken": token, Accept: "application/json", ...(type && { "Content-Type": type }) };
    const answer = await fetch(url, { method: "POST", body, headers, redirect: "manual" });
    if (answer.type === "opaqueredirect" || answer.status === 401) throw new Error("sign_in");
    const json = (answer.headers.get("Content-Type") || "").includes("json");
    const said = json ? await answer.json() : {};
    if (!answer.ok) throw new Error(said.code || "failed");
    return said;
  };
  // The page may have lain here since an earlier sign-in: its token then counts no more.
  const renewToken = async () => {
    const answer = await fetch(location.pathname, { cache: "no-store" });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-phone]");
    if (!page) throw new Error("sign_in");
    token = page.dataset.token;
  };
  const post_anew = async (...all) => {
    try { return await post(...all); } catch (error) {
      if (error.message !== "failed") throw error;
      await renewToken();
      return post(...all);
    }
  };

  const fetchList = (typed, again) =>
    post_anew(root.dataset.list, new URLSearchParams({ pin: typed, ...(again && { again: "1" }) }));

  const send = async (refresh = false) => {
    if (!door || sending || !navigator.onLine) return;
    sending = true;
    try {
      while (door.queue.length) {
        const scans = door.queue.slice(0, 50);
        const { scans: outcomes } = await post_anew(root.dataset.scans, JSON.stringify({ scans }), "application/json");
        await door.sent(outcomes);
        refresh = refresh || door.conflicts.length > 0;
        show();
      }
      if (refresh) await door.renew(await fetchList(pin, true));
    } catch (error) {
      if (error.message === "WRONG_PIN") notice(say("changed_pin"), "gold");
      else if (!(error instanceof TypeError)) notice(say(error.message), "gold");
    } finally {
      sending = false;
      show();
    }
  };

  const keepPage = async () => {
    if (!navigator.serviceWorker) return;
    const { worker, scope } = root.dataset;
    await navigator.serviceWorker.register(worker, { scope });
    const active = (await navigator.serviceWorker.ready).active;
    const parts = [...document.querySelectorAll("link[href], script[src]")].map((each) => each.href || each.src);
    const sprite = document.querySelector("use").href.baseVal.split("#")[0];
    const keep = [location.origin + location.pathname, ...parts, new URL(sprite, location).href];
    await new Promise((done) => {
      const channel = new MessageChannel();
      channel.port1.onmessage = (event) => { root.dataset.kept = event.data; done(); };
      active.postMessage({ keep }, [channel.port2]);
    });
  };

  part("enter").addEventListener("submit", async (event) => {
    event.preventDefault();
    const typed = event.target.elements.pin.value.trim(), kept = await DoorStore.load(id);
    try {
      if (event.submitter && event.submitter.value === "download") {
        const list = await fetchList(typed);
        // What an older list still had to send is kept, where the PIN is the same.
        const old = kept ? await DoorList.open(id, typed, kept).catch(() => null) : null;
        if (kept && kept.waiting && !old) { notice(say("not_sent_yet"), "gold"); return; }
        door = await DoorList.make(id, typed, list, old ? old.queue : []);
      } else {
        door = await DoorList.open(id, typed, kept).catch(() => { throw new Error("WRONG_PIN"); });
      }
      pin = typed;
      event.target.reset();
      notice("");
      show();
      await send(true);
    } catch (error) { notice(say(error instanceof TypeError ? "offline" : error.message)); }
  });

  part("find").addEventListener("submit", (event) => { event.preventDefault(); look(event.target.elements.q.value); });
  part("picture").addEventListener("change", async (event) => {
    const [file] = event.target.files;
    if (!file) return;
    const text = await Scan.read(file).catch(() => null);
    event.target.value = "";
    if (text) scanned(text); else notice(say("no_code"));
  });
  part("scan").addEventListener("click", async () => {
    const stop = await Scan.start(root.querySelector("video"), scanned);
    if (!stop) { notice(say("no_camera")); return; }
    part("scanner").hidden = false;
    part("scan").hidden = true;
  });
  part("sync").addEventListener("click", () => send(true));
  part("forget").addEventListener("click", async () => {
    if (door.queue.length) { notice(say("not_sent_yet"), "gold"); return; }
    await DoorStore.forget(id);
    location.reload();
  });
  window.addEventListener("online", () => { show(); send(true); });
  window.addEventListener("offline", show);

  show();
  if (!DoorStore.able()) { part("enter").hidden = true; notice(say("no_store")); return; }
  part("open").hidden = !(await DoorStore.load(id));
  part("download").className = part("open").hidden ? "btn btn-primary" : "btn btn-line";
  await keepPage().catch(() => { root.dataset.kept = "failed"; });
})();
