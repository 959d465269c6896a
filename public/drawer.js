// An entry beside its list, and the keys of its own page. Runs after sealtrail.js, whose `setUp` and `tellFrame` it uses.
'use strict';

{
  const drawer = document.querySelector('[data-drawer]');
  setUpEntry(document);
  if (drawer && typeof drawer.showModal === 'function') setUpDrawer();
  else {
    reloadOnBack();
    setUpPageKeys();
  }

  function setUpDrawer() {
    const body = drawer.querySelector('[data-drawer-body]');
    const [title, status] = ['title', 'status'].map((name) => drawer.querySelector(`[data-drawer-${name}]`));
    const listAddress = withoutHash(location.href);
    const listTitle = document.title;
    let current = null;
    let wanted = 0;

    const rows = () => [...document.querySelectorAll('.st-row-link')];
    const rowOf = (address) => rows().find(({ href }) => href === address) ?? null;

    const mark = (row) => {
      document.querySelector('.st-row-selected')?.classList.remove('st-row-selected');
      row?.closest('.st-row')?.classList.add('st-row-selected');
    };

    // Beside it in the list that is on the page, and beyond its ends as the server tells.
    const beside = (by) => {
      const all = rows();
      const place = all.findIndex(({ href }) => href === current);
      const row = place < 0 ? undefined : all[place + by];
      return (row ?? body.querySelector(by < 0 ? 'a[rel=prev]' : 'a[rel=next]'))?.href ?? null;
    };

    const show = async (address) => {
      const turn = ++wanted;
      const keepsFocus = drawer.open && document.activeElement?.closest('.st-drawer-bar');
      current = address;
      mark(rowOf(address));
      body.replaceChildren(skeleton(body.dataset.loading));
      if (!drawer.open) drawer.showModal();
      try {
        const answer = await fetch(drawerOf(address), { headers: { accept: 'text/html' } });
        // Signed out, or the entry is gone: the page itself says so better.
        if (!answer.ok || answer.redirected) return location.assign(address);
        const text = await answer.text();
        if (turn !== wanted) return;
        // Our own page, in which EJS has escaped every value.
        body.replaceChildren(...new DOMParser().parseFromString(text, 'text/html').body.childNodes);
        setUp(body);
        setUpEntry(body);
        tell();
        body.scrollTop = 0;
        if (!keepsFocus) body.focus({ preventScroll: true });
      } catch {
        if (turn === wanted) location.assign(address);
      }
    };

    const tell = () => {
      const sentence = body.querySelector('[data-entry-sentence]')?.textContent ?? '';
      const name = body.querySelector('[data-entry]')?.dataset.title ?? '';
      drawer.setAttribute('aria-label', sentence);
      title.textContent = name;
      status.textContent = `${name} ${sentence}`;
      document.title = listTitle.replace(/^.* · /, `${name} · `);
      for (const [by, button] of [
        [-1, 'previous'],
        [1, 'next'],
      ])
        drawer.querySelector(`[data-drawer-${button}]`).setAttribute('aria-disabled', String(beside(by) === null));
    };

    const open = (address) => {
      history.pushState({ drawer: address }, '', address);
      tellFrame();
      void show(address);
    };

    const step = (by) => {
      const address = beside(by);
      if (!address) return;
      history.replaceState({ drawer: address }, '', address);
      tellFrame();
      rowOf(address)?.closest('.st-row')?.scrollIntoView({ block: 'nearest' });
      void show(address);
    };

    const close = () => {
      if (!drawer.open) return;
      wanted += 1;
      drawer.close();
      document.title = listTitle;
      status.textContent = '';
      (document.querySelector('.st-row-selected .st-row-link') ?? rows()[0])?.focus({ preventScroll: true });
    };

    document.addEventListener('click', (event) => {
      const link = event.target.closest('.st-row-link, [data-drawer] [data-drawer-open]');
      if (!link || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
      event.preventDefault();
      open(link.href);
    });
    drawer.addEventListener('cancel', (event) => {
      event.preventDefault();
      history.back();
    });
    drawer.addEventListener('click', (event) => {
      if (event.target === drawer || event.target.closest('[data-drawer-close]')) history.back();
      if (event.target.closest('[data-drawer-previous]')) step(-1);
      if (event.target.closest('[data-drawer-next]')) step(1);
      // Where the address already is the entry's, following it must load the page.
      const own = event.target.closest('[data-no-drawer]');
      if (own && withoutHash(own.href) === withoutHash(location.href)) {
        event.preventDefault();
        location.reload();
      }
    });
    drawer.addEventListener('keydown', (event) => {
      const by = turnOf(event);
      if (!by || (event.key.startsWith('ArrowU') && canScroll(body, by))) return;
      if (event.key.startsWith('ArrowD') && canScroll(body, by)) return;
      event.preventDefault();
      step(by);
    });
    addEventListener('popstate', (event) => {
      tellFrame();
      const address = event.state && event.state.drawer;
      if (address) void show(address);
      else if (withoutHash(location.href) === listAddress) close();
      else location.reload();
    });
  }

  // On the page of one entry the keys follow its own links.
  function setUpPageKeys() {
    document.addEventListener('keydown', (event) => {
      const by = event.key.startsWith('ArrowU') || event.key.startsWith('ArrowD') ? 0 : turnOf(event);
      const link = by && document.querySelector(by < 0 ? '.st-turn a[rel=prev]' : '.st-turn a[rel=next]');
      if (!link) return;
      event.preventDefault();
      link.click();
    });
  }

  // -1 for the entry above, 1 for the one below.
  function turnOf(event) {
    if (event.target.closest('input, select, textarea, .st-payload') || event.ctrlKey || event.metaKey || event.altKey)
      return 0;
    return { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -1, ArrowDown: 1, k: -1, j: 1 }[event.key] ?? 0;
  }

  // The address to send to a colleague is whole, and inside the billing system that of the page around us.
  function setUpEntry(root) {
    for (const button of root.querySelectorAll('[data-copy-address]')) {
      const address = new URL(button.dataset.copyAddress, location.href).href;
      button.dataset.copy = window.frameElement ? address.replace(/([?&])st=/, '$1at=') : address;
    }
    for (const button of root.querySelectorAll('[data-print]')) {
      button.classList.remove('st-hidden');
      button.addEventListener('click', () => window.print());
    }
  }

  function drawerOf(address) {
    return `${address}${address.includes('?') ? '&' : '?'}drawer=1`;
  }

  // A drawer's address that was loaded as a page still shares its history with the list.
  function reloadOnBack() {
    const address = withoutHash(location.href);
    addEventListener('popstate', () => {
      if (withoutHash(location.href) !== address) location.reload();
    });
  }

  function withoutHash(address) {
    return address.replace(/#.*$/, '');
  }

  // Up and down scroll a long entry first, and go on at its end.
  function canScroll(element, by) {
    return by < 0 ? element.scrollTop > 0 : element.scrollTop + element.clientHeight < element.scrollHeight - 1;
  }

  function skeleton(label) {
    const box = document.createElement('div');
    box.className = 'st-skeleton';
    box.setAttribute('role', 'status');
    box.setAttribute('aria-label', label);
    for (let i = 0; i < 9; i += 1) box.append(document.createElement('div'));
    return box;
  }
}
