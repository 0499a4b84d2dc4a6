// The list on the phone and the scans that wait to be sent: what opens the door, without a network.
"use strict";

window.DoorList = class {
  // `id`: the activity; `kept`: the sealed list and queue as they lie on the phone.
  constructor(id, secret, salt, list, queue) {
    Object.assign(this, { id, secret, salt, list, queue, conflicts: [] });
    this.queue.forEach((scan) => this.#apply(scan));
  }

  static async open(id, pin, kept) {
    const secret = await DoorStore.key(pin, kept.salt);
    const list = await DoorStore.open(secret, kept.list);
    return new DoorList(id, secret, kept.salt, list, await DoorStore.open(secret, kept.queue));
  }

  static async make(id, pin, list, queue = []) {
    const salt = DoorStore.salt();
    const made = new DoorList(id, await DoorStore.key(pin, salt), salt, list, queue);
    await made.save();
    return made;
  }

  // One write after the other: an older state never lies over a newer one.
  save() {
    const write = async () => {
      const [list, queue] = [this.list, this.queue];
      const sealed = { list: await DoorStore.seal(this.secret, list), queue: await DoorStore.seal(this.secret, queue) };
      await DoorStore.save(this.id, { salt: this.salt, waiting: queue.length, ...sealed });
    };
    this.writing = (this.writing || Promise.resolve()).then(write, write);
    return this.writing;
  }

  renew(list) {
    this.list = list;
    this.queue.forEach((scan) => this.#apply(scan));
    return this.save();
  }

  party(ticket) { return this.list.parties.find((each) => each.ticket === ticket); }

  called(name) {
    const low = name.toLowerCase();
    const fits = (each) => each.seats.some((seat) => seat.name.toLowerCase().includes(low));
    return this.list.parties.filter(fits).slice(0, 20);
  }

  // Why a ticket does not open the door now, or null.
  refusal(party) {
    if (!party) return "UNKNOWN_TICKET";
    if (party.code) return party.code;
    if (Date.now() < Date.parse(this.list.opens)) return "TOO_EARLY";
    return party.seats.every((seat) => seat.in) ? "ALREADY_IN" : null;
  }

  inside() {
    const seats = this.list.parties.flatMap((each) => each.seats);
    return [seats.filter((seat) => seat.in).length, seats.length];
  }

  // `seats`: ids of persons; without any, a ticket that the list does not have.
  scan(ticket, seats, out = false) {
    const at = new Date().toISOString();
    for (const seat of seats.length ? seats : [""]) {
      const scan = { key: crypto.randomUUID(), ticket, seat, at, out };
      this.queue.push(scan);
      this.#apply(scan);
    }
    return this.save();
  }

  sent(outcomes) {
    const told = new Map(outcomes.map((each) => [each.key, each.outcome]));
    for (const scan of this.queue.filter((each) => told.has(each.key))) {
      const outcome = told.get(scan.key);
      if (outcome !== "IN" && outcome !== "OUT") this.conflicts.push({ ...scan, outcome, name: this.#name(scan) });
    }
    this.queue = this.queue.filter((each) => !told.has(each.key));
    return this.save();
  }

  #seat(scan) {
    const party = this.party(scan.ticket);
    return party && party.seats.find((each) => each.id === scan.seat);
  }

  #name(scan) { return (this.#seat(scan) || { name: scan.ticket }).name; }

  #apply(scan) {
    const seat = this.#seat(scan);
    if (seat) seat.in = scan.out ? null : seat.in || scan.at;
  }
};
