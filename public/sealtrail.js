// Every page works without this file; it only saves steps.
'use strict';

const words = document.body.dataset;

function setUp(root) {
  for (const button of root.querySelectorAll('[data-copy].st-hidden')) button.classList.remove('st-hidden');
}

async function copy(button) {
  let done = true;
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
  } catch {
    done = copyOldWay(button);
  }
  const label = button.querySelector('[data-copy-label]');
  const before = label ? label.textContent : button.title;
  const after = done ? words.copied : words.copyFailed;
  button.classList.toggle('st-copied', done);
  if (label) label.textContent = after;
  button.title = after;
  setTimeout(() => {
    button.classList.remove('st-copied');
    if (label) label.textContent = before;
    button.title = before;
  }, 1800);
}

// Without https there is no clipboard API.
function copyOldWay(button) {
  const area = document.createElement('textarea');
  area.value = button.dataset.copy;
  area.className = 'visually-hidden';
  button.after(area);
  area.select();
  const done = document.execCommand('copy');
  area.remove();
  button.focus();
  return done;
}

document.addEventListener('click', (event) => {
  const button = event.target.closest('[data-copy]');
  if (button) void copy(button);
  for (const menu of document.querySelectorAll('.st-menu[open]')) if (!menu.contains(event.target)) menu.open = false;
});

document.addEventListener('keydown', (event) => {
  if (event.key !== 'Escape') return;
  const menu = document.querySelector('.st-menu[open]');
  if (!menu) return;
  menu.open = false;
  menu.querySelector('summary').focus();
});

// Empty fields stay out of the address.
for (const form of document.querySelectorAll('[data-filters]')) {
  form.addEventListener('submit', () => {
    const empty = [...form.elements].filter((field) => field.name && field.value === '' && !field.disabled);
    for (const field of empty) field.disabled = true;
    setTimeout(() => empty.forEach((field) => (field.disabled = false)));
  });
}

for (const form of document.querySelectorAll('[data-busy]')) {
  form.addEventListener('submit', () => {
    const button = form.querySelector('button');
    setTimeout(() => {
      button.disabled = true;
      button.textContent = form.dataset.busy;
    });
  });
}

const zoneButton = document.querySelector('[data-use-browser-zone]');
if (zoneButton) {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const select = zoneButton.form.elements.time_zone;
  if ([...select.options].some((option) => option.value === zone) && select.value !== zone) {
    zoneButton.classList.remove('st-hidden');
    zoneButton.title = zone;
    zoneButton.addEventListener('click', () => {
      select.value = zone;
      zoneButton.form.requestSubmit();
    });
  }
}

// First run: look every few seconds whether an event has come.
const waiting = document.querySelector('[data-waiting]');
if (waiting) {
  waiting.classList.add('st-live');
  waiting.querySelector('[data-waiting-label]').textContent = waiting.dataset.waitingText;
  const look = async () => {
    if (document.visibilityState === 'visible') {
      try {
        const answer = await fetch(waiting.dataset.waiting, { headers: { accept: 'text/html' } });
        const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
        if (answer.ok && !answer.redirected && !page.querySelector('[data-waiting]')) return location.reload();
      } catch {
        // The program may be restarting: look again.
      }
    }
    setTimeout(look, 5000);
  };
  setTimeout(look, 5000);
}

// A running verification: its progress is drawn anew until it has ended.
const job = document.querySelector('[data-job]');
if (job && job.dataset.job) {
  const address = job.dataset.job;
  const look = async () => {
    const shown = document.querySelector('[data-job]');
    try {
      const answer = await fetch(address, { headers: { accept: 'text/html' } });
      // It is done: this is its report.
      if (answer.redirected) return location.assign(answer.url);
      const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
      const next = page.querySelector('[data-job]');
      if (!answer.ok || !next) return location.assign(address);
      if (!next.dataset.job) return shown.replaceWith(next);
      // The button stays the same one: a click that begins before and ends after must not be lost.
      for (const part of ['h2', 'progress', '[data-job-done]'])
        shown.querySelector(part).replaceWith(next.querySelector(part));
    } catch {
      // The program may be restarting: look again.
    }
    setTimeout(look, 1000);
  };
  job.querySelector('[data-job-look]').classList.add('st-hidden');
  setTimeout(look, 1000);
}

// Inside the billing system's page: its address and its "open full window" follow us, so that a reload keeps the place.
function tellFrame() {
  const frame = window.frameElement;
  if (!frame || !('sealtrailFrame' in frame.dataset)) return;
  parent.history.replaceState(parent.history.state, '', location.href.replace(/([?&])st=/, '$1at='));
  for (const link of parent.document.querySelectorAll('[data-sealtrail-full]')) link.href = location.href;
}
tellFrame();

// In a frame the scheme is that of the page around it.
function takeScheme() {
  if (!window.frameElement) return;
  const [red, green, blue, alpha = 1] = getComputedStyle(parent.document.body)
    .backgroundColor.match(/[\d.]+/g)
    .map(Number);
  const isDark = alpha > 0 && 0.3 * red + 0.6 * green + 0.1 * blue < 100;
  document.documentElement.style.colorScheme = isDark ? 'dark' : 'light';
}
takeScheme();

setUp(document);
