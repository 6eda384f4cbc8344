// While a backfill runs, its page tells every second how far it is. Only what has changed is replaced, so that nobody loses their place.
const page = document.querySelector("[data-progress]");
const parts = ["figures", "state", "buttons"];

function show(html) {
  const told = new DOMParser().parseFromString(html, "text/html");
  for (const part of parts) {
    const [now, next] = [page, told].map(where => where.querySelector(`[data-part=${part}]`));
    if (now.innerHTML !== next.innerHTML && (part !== "buttons" || isDone(told))) {
      now.replaceChildren(...next.childNodes);
    }
  }
  return isDone(told);
}

function isDone(where) {
  return where.querySelector("[data-running]") === null;
}

async function watch() {
  try {
    const answer = await fetch(page.dataset.progress, { redirect: "manual" });
    // Who is signed out, or may look no longer, is told nothing more.
    if (answer.ok ? show(await answer.text()) : answer.status < 500) {
      return;
    }
  } catch {
    // The next second asks again.
  }
  setTimeout(watch, 1000);
}

if (page && !isDone(page)) {
  setTimeout(watch, 1000);
}
