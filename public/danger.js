// Looks every two seconds how far the work is, and loads the page anew when it is at its end. Without this the page reloads itself.
'use strict';
(() => {
  const part = () => document.querySelector('[data-danger-progress]');
  const look = async () => {
    try {
      const answer = await fetch(window.location.href, { headers: { accept: 'text/html' } });
      const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
      const next = page.querySelector('[data-danger-progress]');
      if (!answer.ok || !next) return window.location.reload();
      part()?.replaceChildren(...next.childNodes);
    } catch {
      // The program may be away for a moment; the work goes on when it is back.
    }
    setTimeout(look, 2000);
  };
  if (part()) setTimeout(look, 2000);
})();
