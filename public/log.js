// The audit log works without this file; it only saves steps. It runs before sealtrail.js, which takes the address as it finds it.
'use strict';

(() => {
  const find = (selector) => document.querySelector(selector);
  const all = (selector) => [...document.querySelectorAll(selector)];
  const results = find('[data-results]');

  // What this person likes is part of the address, so that it can be sent to somebody who likes something else.
  const link = find('[data-copy-link]');
  if (link) {
    if ('isShort' in link.dataset) history.replaceState(history.state, '', link.href);
    const framed = window.frameElement && 'sealtrailFrame' in window.frameElement.dataset;
    link.dataset.copy = framed ? link.href.replace(/([?&])st=/, '$1at=') : link.href;
    link.addEventListener('click', (event) => {
      if (!event.ctrlKey && !event.metaKey && !event.shiftKey) event.preventDefault();
    });
  }

  // Lists of choices: one open at a time, and what is ticked is told at once.
  for (const pop of all('.st-pop')) {
    pop.addEventListener('toggle', () => {
      if (!pop.open) return;
      for (const other of all('.st-pop[open]')) if (other !== pop) other.open = false;
      pop.querySelector('[data-find-action]')?.focus();
    });
    const summary = pop.querySelector('[data-pop-summary]');
    if (!summary) continue;
    const none = summary.textContent;
    const hint = pop.querySelector('input:checked[type=checkbox]') ? null : none;
    pop.addEventListener('change', () => {
      const ticked = [...pop.querySelectorAll('input[type=checkbox]:checked')];
      const words = ticked.map((box) => box.parentElement.textContent.trim());
      summary.textContent = words.length > 0 ? words.join(', ') : (hint ?? '…');
    });
  }

  const finder = find('[data-find-action]');
  if (finder) {
    const pop = finder.closest('.st-pop');
    const nothing = pop.querySelector('[data-find-none]');
    finder.classList.remove('st-hidden');
    const narrow = () => {
      const words = finder.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const group of pop.querySelectorAll('.st-pop-list fieldset')) {
        let inGroup = 0;
        for (const label of group.querySelectorAll('label')) {
          const text = `${label.textContent} ${label.title}`.toLowerCase();
          const fits = words.every((word) => text.includes(word));
          label.classList.toggle('st-hidden', !fits);
          inGroup += fits ? 1 : 0;
        }
        group.classList.toggle('st-hidden', inGroup === 0);
        shown += inGroup;
      }
      nothing.classList.toggle('st-hidden', shown > 0);
    };
    finder.addEventListener('input', narrow);
    finder.addEventListener('keydown', (event) => {
      if (event.key === 'Enter') event.preventDefault();
    });
    // It is no filter of its own.
    finder.form.addEventListener('submit', () => (finder.value = ''));
  }

  // Selecting rows.
  const boxes = () => all('.st-row .st-pick-box');
  const pick = find('#st-pick');
  if (pick) setUpPicking();

  function setUpPicking() {
    const count = pick.querySelector('[data-pick-count]');
    const everything = find('[data-pick-all]');
    const toggle = pick.querySelector('[data-pick-page]');
    const nothing = pick.querySelector('[data-pick-nothing]');
    const number = new Intl.NumberFormat(document.documentElement.lang);
    let last = null;

    const tell = () => {
      const ticked = boxes().filter((box) => box.checked).length;
      count.textContent = ticked === 0 ? '' : count.dataset.pickCount.replace('#', number.format(ticked));
      count.classList.toggle('st-hidden', ticked === 0);
      everything.checked = ticked > 0 && ticked === boxes().length;
      everything.indeterminate = ticked > 0 && !everything.checked;
      if (ticked > 0) nothing.classList.add('st-hidden');
      // It comes with the first tick and stays, so that what was chosen in it is not lost.
      if (ticked > 0) pick.classList.remove('st-hidden');
      for (const box of boxes()) box.closest('.st-row').classList.toggle('st-row-picked', box.checked);
    };
    const setAll = (checked) => {
      for (const box of boxes()) box.checked = checked;
      tell();
    };

    everything.classList.remove('st-hidden');
    everything.addEventListener('change', () => setAll(everything.checked));
    // The box above the column does it.
    toggle.classList.add('st-hidden');
    pick.classList.add('st-hidden');
    document.addEventListener('change', (event) => event.target.matches('.st-row .st-pick-box') && tell());
    document.addEventListener('click', (event) => {
      if (!event.target.matches('.st-row .st-pick-box')) return;
      const list = boxes();
      const at = list.indexOf(event.target);
      if (event.shiftKey && last !== null) {
        const [from, to] = [Math.min(at, last), Math.max(at, last)];
        for (const box of list.slice(from, to + 1)) box.checked = event.target.checked;
      }
      last = at;
      tell();
    });
    pick.addEventListener('submit', (event) => {
      const isEmpty = pick.elements.what.value === 'ticked' && !boxes().some((box) => box.checked);
      nothing.classList.toggle('st-hidden', !isEmpty);
      if (isEmpty) event.preventDefault();
    });
    tell();
  }

  // Keys.
  const keys = find('[data-keys]');
  const opener = find('[data-keys-open]');
  if (keys && typeof keys.showModal === 'function') {
    opener?.classList.remove('st-hidden');
    opener?.addEventListener('click', () => keys.showModal());
    document.addEventListener('keydown', onKey);
  }

  function onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || find('dialog[open]')) return;
    const isTyping = event.target.closest(
      'input:not([type=checkbox]):not([type=radio]), select, textarea, [contenteditable]',
    );
    if (isTyping) return;
    const row = event.target.closest('.st-row');
    const act = {
      j: () => step(row, 1),
      k: () => step(row, -1),
      ArrowDown: row && (() => step(row, 1)),
      ArrowUp: row && (() => step(row, -1)),
      x: row && (() => row.querySelector('.st-pick-box')?.click()),
      '/': () => find('#f-q')?.select(),
      '?': () => keys.showModal(),
    }[event.key];
    if (!act) return;
    event.preventDefault();
    if (event.key === '/') find('#f-q')?.focus();
    act();
  }

  function step(row, by) {
    const rows = all('.st-log .st-row');
    const next = row ? rows[rows.indexOf(row) + by] : rows[by > 0 ? 0 : rows.length - 1];
    const target = next?.querySelector('.st-row-link');
    target?.focus();
    next?.scrollIntoView({ block: 'nearest' });
  }

  // What has come in since: asked for while somebody looks, and not for ever.
  const news = find('[data-news]');
  if (news) setUpNews();

  function setUpNews() {
    const EVERY_MS = 20_000;
    const LONGEST_MS = 300_000;
    const IDLE_MS = 3_600_000;
    const text = news.querySelector('[data-news-text]');
    let wait = EVERY_MS;
    let count = 0;
    let touched = Date.now();
    let timer = setTimeout(look, wait);

    async function look() {
      timer = null;
      if (document.visibilityState === 'visible') {
        if (Date.now() - touched > IDLE_MS) return;
        try {
          const answer = await fetch(news.dataset.news, { headers: { accept: 'application/json' } });
          // Signed out: nothing more is to be had here.
          if (answer.status === 401 || answer.redirected) return;
          if (!answer.ok) throw new Error(String(answer.status));
          const found = await answer.json();
          if (found.count !== count) {
            count = found.count;
            if (count > 0) text.textContent = found.text;
            news.classList.toggle('st-news-some', count > 0);
          }
          wait = EVERY_MS;
        } catch {
          wait = Math.min(wait * 2, LONGEST_MS);
        }
      }
      timer = setTimeout(look, wait);
    }

    const touch = () => {
      touched = Date.now();
      if (timer === null) timer = setTimeout(look, 1000);
    };
    for (const name of ['pointerdown', 'keydown', 'wheel']) addEventListener(name, touch, { passive: true });
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState !== 'visible' || timer === null) return;
      clearTimeout(timer);
      timer = setTimeout(look, 500);
    });

    news.addEventListener('click', async (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
      const body = find('.st-log tbody');
      if (count === 0 || !body || !('newsTop' in news.dataset)) return;
      event.preventDefault();
      const answer = await fetch(news.href, { headers: { accept: 'text/html' } }).catch(() => null);
      const page =
        answer?.ok && !answer.redirected ? new DOMParser().parseFromString(await answer.text(), 'text/html') : null;
      const fresh = page ? [...page.querySelectorAll('.st-log .st-row-new')] : [];
      const next = page?.querySelector('[data-news]');
      // More than fits on a page, or something else: the page itself tells it.
      if (!next || fresh.length < count) return location.assign(news.href);
      insert(body, fresh);
      news.dataset.news = next.dataset.news;
      news.href = next.href;
      text.textContent = next.querySelector('[data-news-text]').textContent;
      news.classList.remove('st-news-some');
      count = 0;
    });
  }

  /** Above the rows that are there, which stay where the eye has them. */
  function insert(body, fresh) {
    for (const row of body.querySelectorAll('.st-row-new')) row.classList.remove('st-row-new');
    const first = body.firstElementChild;
    const before = first.getBoundingClientRect().top;
    body.prepend(...fresh);
    if (before < 0) scrollBy(0, first.getBoundingClientRect().top - before);
    const shown = find('.st-count');
    const { from, to, total, template } = shown.dataset;
    if (!template) return;
    const number = new Intl.NumberFormat(document.documentElement.lang);
    const values = { from: Number(from), to: Number(to) + fresh.length, total: Number(total) + fresh.length };
    Object.assign(shown.dataset, values);
    shown.textContent = template.replace(/#(from|to|total)#/g, (_, name) => number.format(values[name]));
  }

  // A list that takes its time is seen to be on its way.
  if (results) {
    const wait = () => {
      setTimeout(() => {
        results.classList.add('st-loading');
        results.setAttribute('aria-busy', 'true');
      }, 300);
    };
    find('[data-filters]')?.addEventListener('submit', wait);
    document.addEventListener('click', (event) => {
      const leading = event.target.closest(
        '.st-chips a, .st-pages a, .st-sizes a, .st-table th a, .st-filter-link, .st-not, .st-ways a, .st-view-list a',
      );
      if (!leading || event.defaultPrevented || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey)
        return;
      wait();
    });
    addEventListener('pageshow', () => {
      results.classList.remove('st-loading');
      results.removeAttribute('aria-busy');
    });
  }
})();
