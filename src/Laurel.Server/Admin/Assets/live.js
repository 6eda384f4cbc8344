// Makes lists of events and numbers of the administration live: what the stream tells of is added as it comes. Pages say the same
// without it, as of when they were asked for.
const table = document.querySelector("[data-events]");
const language = document.documentElement.lang === "ar" ? "ar-EG-u-nu-arab" : "en-GB";
const numbers = new Intl.NumberFormat(language);
const stream = new EventSource(table.dataset.events);

const minute = document.querySelector("[data-minute]");
if (minute) {
  const seconds = minute.dataset.minute.split(",").map(Number);
  let now = Math.floor(performance.now() / 1000);
  const pass = () => {
    const second = Math.floor(performance.now() / 1000);
    for (; now < second; now++) {
      seconds.shift();
      seconds.push(0);
    }
  };
  setInterval(() => {
    pass();
    minute.textContent = numbers.format(seconds.reduce((sum, count) => sum + count, 0));
  }, 1000);
  stream.addEventListener("award", () => {
    pass();
    seconds[seconds.length - 1]++;
  });
}

const rows = table.tBodies[0];
const most = Number(table.dataset.most);
const template = document.querySelector("template[data-row]").content.firstElementChild;
const words = name => Object.fromEntries([...document.querySelectorAll(`template[data-${name}]`)].map(each => [each.dataset[name], each]));
const kinds = words("kind");
const sources = words("source");
const date = new Intl.DateTimeFormat(language, { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });
const time = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: "UTC" });

function row(event) {
  const made = template.cloneNode(true);
  const at = new Date(event.awardedAt);
  const when = made.querySelector("time");
  when.dateTime = event.awardedAt;
  when.textContent = `${date.format(at)} ${time.format(at)}`;
  const kind = made.querySelector("[data-kind]");
  kind.className = kinds[event.type].dataset.state;
  kind.textContent = kinds[event.type].content.textContent;
  const badge = made.querySelector("[data-badge]");
  if (event.badge) {
    badge.href = badge.dataset.badge + event.badgeId;
    // Under the address of this page, which may not be the one that others know.
    badge.querySelector("img").src = new URL(event.badge.iconUrl).pathname;
    const name = badge.querySelector("bdi");
    name.lang = event.badge.locale;
    name.textContent = event.badge.name;
  } else {
    badge.replaceWith(String(event.badgeId));
  }
  link(made.querySelector("[data-user]"), "user", event.userId);
  link(made.querySelector("[data-issuer]"), "issuer", event.issuerId);
  made.querySelector("[data-source]").textContent = sources[event.source].content.textContent;
  return made;
}

function link(anchor, name, id) {
  if (id === null) {
    anchor.remove();
    return;
  }
  anchor.href = anchor.dataset[name] + id;
  anchor.textContent = id;
}

const news = document.querySelector("[data-news]");
const pause = document.querySelector("[data-pause]");
let waiting = [];
let unseen = 0;
let added = 0;
let paused = false;
let isAsked = false;

function show() {
  isAsked = false;
  if (paused) {
    return;
  }
  rows.prepend(...waiting.reverse().map(row));
  document.querySelector("[data-none]")?.remove();
  added += unseen;
  [waiting, unseen] = [[], 0];
  while (rows.rows.length > most) {
    rows.rows[rows.rows.length - 1].remove();
  }
}

function take(message) {
  waiting.push(JSON.parse(message.data));
  unseen++;
  if (waiting.length > most) {
    waiting.shift();
  }
  if (!isAsked && !paused) {
    isAsked = true;
    setTimeout(show, 100);
  }
}

const told = news ? ["award", "removal", "correction"] : ["award"];
told.forEach(kind => stream.addEventListener(kind, take));
stream.addEventListener("reset", () => location.reload());

if (news) {
  const say = text => {
    if (news.textContent !== text) {
      news.textContent = text;
    }
  };
  // Seldom enough to be listened to.
  setInterval(() => {
    if (stream.readyState === EventSource.CLOSED) {
      say(table.dataset.ended);
    } else if (paused && unseen > 0) {
      say(table.dataset.waiting.replace("{0}", numbers.format(unseen)));
    } else if (!paused && added > 0) {
      say(table.dataset.new.replace("{0}", numbers.format(added)));
    }
  }, 3000);
  pause.hidden = false;
  pause.addEventListener("click", () => {
    paused = !paused;
    pause.setAttribute("aria-pressed", String(paused));
    if (unseen > 0) {
      show();
    }
  });
}
