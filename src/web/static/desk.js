// The desk's one script. Every page works without it; it saves time: forms are sent in place, single keys decide, typed
// text is kept on the device until it is saved. It builds no HTML from text (Trusted Types are enforced): pages come
// parsed, as documents, from our own server.
'use strict';
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const keepKey = (id) => `perfuse-kept-${id}`;
  const noteKey = (note) => `perfuse-note-${note.dataset.note}`;

  const stored = {
    read(key) { try { return JSON.parse(localStorage.getItem(key)); } catch { return null; } },
    write(key, value) { try { localStorage.setItem(key, JSON.stringify(value)); } catch { /* full or forbidden: the page still holds the text */ } },
    drop(key) { try { localStorage.removeItem(key); } catch { /* as above */ } },
  };

  const saidNames = ['done', 'undone', 'bulk', 'unbulk', 'said'];

  // ——— notes ———
  // the words, in the desk's language; the element stays when pages are swapped
  const say = $('.toasts').dataset;
  function note(text, link = null) {
    const toast = document.createElement('div');
    toast.className = 'toast';
    const line = document.createElement('p');
    line.textContent = text;
    if (link) {
      const anchor = document.createElement('a');
      anchor.href = link.href;
      anchor.textContent = link.text;
      line.append(' ', anchor);
    }
    const close = document.createElement('button');
    close.type = 'button';
    close.className = 'toast-close';
    close.setAttribute('aria-label', say.close);
    toast.append(line, close);
    $('.toasts').replaceChildren(toast);
    return toast;
  }

  // ——— pages in place ———
  // XMLHttpRequest parses into an inert document, which fetch cannot do without an HTML sink.
  function load(method, url, body) {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      request.open(method, url);
      request.responseType = 'document';
      request.timeout = 30000;
      if (body) request.setRequestHeader('Content-Type', 'application/x-www-form-urlencoded');
      request.onload = () => request.response ? resolve(request) : reject(new Error('no page'));
      request.onerror = request.ontimeout = () => reject(new Error('no connection'));
      request.send(body);
    });
  }

  function swap(request, { push = true, posted = null, focus = null } = {}) {
    const page = request.response;
    const scroll = $('.list')?.scrollTop ?? 0;
    document.title = page.title;
    document.body.className = page.body.className;
    $('header.top').replaceWith(document.adoptNode($('header.top', page) ?? document.createElement('header')));
    $('main').replaceWith(document.adoptNode($('main', page)));
    // the live region stays, so that screen readers hear what changes in it
    $('.toasts').replaceChildren(...$$('.toasts > *', page).map((node) => document.adoptNode(node)));
    const address = new URL(request.responseURL, location.href);
    for (const name of saidNames) address.searchParams.delete(name);
    // an answer in place of a redirect (409, 422) has no address of its own: a reload goes back to the article
    if (address.href === posted) history.replaceState(null, '', location.href);
    else if (push && address.href !== location.href) history.pushState(null, '', address);
    else history.replaceState(null, '', address);
    here = place();
    settle();
    if ($('.list')) $('.list').scrollTop = scroll;
    $('.row.current')?.scrollIntoView({ block: 'nearest' });
    const heading = $('.work h1, .work .as-h1') ?? $('main h1');
    const hidden = heading && heading.offsetParent === null;
    const errors = $('#errors');
    if (errors) { errors.focus(); return; }
    if (focus && $(focus)) { $(focus).focus(); return; }
    (hidden ? $('main h1') : heading)?.focus({ preventScroll: true });
    $('.work')?.scrollTo(0, 0);
    if (document.body.classList.contains('opened') || !document.body.classList.contains('panes')) scrollTo(0, 0);
  }

  let busy = false;
  async function send(form, button) {
    if (busy) return;
    busy = true;
    const data = new URLSearchParams(new FormData(form, button ?? undefined));
    const kept = form.dataset.keep;
    try {
      const url = button?.hasAttribute('formaction') ? button.formAction : form.action;
      const request = await load('POST', url, data);
      // kept until the server has it: putting an article off or rejecting it does not store the text
      if (kept && request.status === 200 && (/\/(approve|save|item)$/.test(url) || button?.name === 'use' && button.value)) stored.drop(keepKey(kept));
      const note = $('[data-note]', form);
      if (note && request.status === 200) stored.drop(noteKey(note));
      swap(request, { posted: url, focus: form.dataset.focus });
    } catch {
      note(kept ? say.notSentKept : say.notSent);
    } finally {
      busy = false;
    }
  }

  async function go(url, push = true) {
    try { swap(await load('GET', url), { push }); } catch { location.assign(url); }
  }

  addEventListener('submit', (event) => {
    const form = event.target;
    if (!form.matches('form[data-live]')) return;
    event.preventDefault();
    send(form, event.submitter);
  });

  addEventListener('click', (event) => {
    if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const drop = event.target.closest('[data-drop]');
    if (drop) stored.drop(keepKey(drop.dataset.drop));
    const link = event.target.closest('.rows a, .back a, .pages a');
    if (link && document.body.classList.contains('panes')) { event.preventDefault(); go(link.href); }
    // a menu closes when something else is pressed
    for (const menu of $$('details.menu[open]')) if (!menu.contains(event.target)) menu.open = false;
  });
  // a note goes when it is closed
  addEventListener('click', (event) => {
    const close = event.target.closest('.toast-close');
    if (!close) return;
    const focused = close === document.activeElement;
    close.closest('.toast').remove();
    if (focused) ($('.work h1, .work .as-h1') ?? $('main h1') ?? $('main'))?.focus({ preventScroll: true });
  });

  // ——— links within the page ———
  // a link to a part of the page fires popstate too; only another page is fetched
  const place = () => location.pathname + location.search;
  let here = place();
  const aim = () => location.hash.length > 1 ? document.getElementById(location.hash.slice(1)) : null;
  function unfold(target) {
    for (let fold = target.closest('details'); fold; fold = fold.parentElement?.closest('details')) fold.open = true;
  }
  function reveal() {
    const target = aim();
    if (!target) return;
    unfold(target);
    if (target.tabIndex < 0) target.tabIndex = -1;
    target.focus({ preventScroll: true });
    target.scrollIntoView({ block: 'nearest' });
  }
  addEventListener('popstate', () => { if (place() === here) reveal(); else go(location.href, false); });
  // the same link again changes no address
  addEventListener('click', (event) => { if (event.target.closest?.('a[href^="#"]')?.hash === location.hash && location.hash) reveal(); });

  // ——— range selection ———
  let lastPicked = null;
  addEventListener('click', (event) => {
    const box = event.target.closest('.pick input');
    if (!box) return;
    const boxes = $$('.pick input');
    if (event.shiftKey && lastPicked && boxes.includes(lastPicked)) {
      const [from, to] = [boxes.indexOf(lastPicked), boxes.indexOf(box)].sort((a, b) => a - b);
      for (const each of boxes.slice(from, to + 1)) each.checked = box.checked;
    }
    lastPicked = box;
    const bulk = $('.bulk'), picked = boxes.filter((each) => each.checked).length;
    if (!bulk) return;
    if (picked) bulk.open = true;
    $('.picked', bulk).textContent = picked ? `${picked} ${$('.picked-words', bulk).textContent}` : '';
  });

  // ——— what is typed stays ———
  function remember(form) {
    const title = $('[name=title]', form), summary = $('[name=summary]', form);
    const base = { title: title.defaultValue, summary: summary.defaultValue };
    stored.write(keepKey(form.dataset.keep), { title: title.value, summary: summary.value, revision: form.dataset.revision, base });
  }
  function restore(form) {
    const kept = stored.read(keepKey(form.dataset.keep));
    const title = $('[name=title]', form), summary = $('[name=summary]', form);
    const line = $('.kept', form);
    // the page of a conflict shows what was sent; it stays kept until one of the two is chosen
    if (!kept || !title || !summary || !line) return;
    if (kept.title === title.value && kept.summary === summary.value) { stored.drop(keepKey(form.dataset.keep)); return; }
    const theirs = { title: title.value, summary: summary.value, revision: $('[name=revision]', form).value };
    const put = (text) => {
      title.value = text.title;
      summary.value = text.summary;
      $('[name=revision]', form).value = form.dataset.revision = text.revision;
      count(form);
      check(form);
    };
    // where the text it was typed over still stands, it fits; else the old revision goes along, so that a change
    // meanwhile is shown and not overwritten
    const fits = kept.base?.title === title.value && kept.base?.summary === summary.value;
    put({ ...kept, revision: fits ? theirs.revision : kept.revision });
    line.textContent = say.restored;
    const discard = document.createElement('button');
    discard.type = 'button';
    discard.className = 'quiet';
    discard.textContent = say.discard;
    discard.addEventListener('click', () => { put(theirs); stored.drop(keepKey(form.dataset.keep)); line.hidden = true; summary.focus(); });
    line.append(discard);
    line.hidden = false;
  }

  function count(form) {
    const summary = $('[name=summary]', form), bar = $('progress', form), now = $('.words-now', form);
    if (!summary || !bar || !now) return;
    const words = summary.value.trim().split(/\s+/u).filter(Boolean).length;
    now.textContent = String(words);
    bar.value = Math.min(words, 120);
    bar.className = words <= 55 ? 'short' : words <= 100 ? 'long' : 'over';
  }

  // the server's checks and preview of what is typed, once the typing pauses
  let pause = 0;
  function check(form, after = 700) {
    clearTimeout(pause);
    pause = setTimeout(async () => {
      const button = $('[formaction$="/check"]', form);
      if (!button || !form.isConnected) return;
      try {
        const { response } = await load('POST', button.formAction, new URLSearchParams(new FormData(form)));
        const [old, fresh] = [$('#check', form), $('#check', response)];
        if (!old || !fresh || !form.isConnected) return;
        for (const open of $$('details[open]', old)) $(`details.${open.className}`, fresh)?.setAttribute('open', '');
        old.replaceWith(document.adoptNode(fresh));
        // the proposal that was asked for comes with one of the next looks
        if ($('[data-waiting]', form)) check(form, 2500);
      } catch { /* the checks come again with the next pause, and before publishing */ }
    }, after);
  }

  // who else types in this article, and that we do: at most twice a minute, and only while keys are pressed
  let saidHere = { id: '', at: 0 };
  async function sayHere(form) {
    const id = form.dataset.keep, line = $('.presence');
    if (!line || (saidHere.id === id && Date.now() - saidHere.at < 40000)) return;
    saidHere = { id, at: Date.now() };
    try {
      const { response } = await load('POST', `/desk/a/${id}/here`, new URLSearchParams({ csrf: $('[name=csrf]', form).value }));
      const text = $('.presence', response)?.textContent ?? '';
      if (line.isConnected && line.textContent !== text) line.textContent = text;
    } catch { /* a hint, no more */ }
  }

  // an answer that is on its way is looked for quietly and comes into the page, unless something is typed there
  let wait = 0;
  function awaitAnswer(pauseMs) {
    clearTimeout(wait);
    if (!$('[data-waits]')) return;
    wait = setTimeout(async () => {
      const form = $('form[data-keep]');
      if (!$('[data-waits]') || (form && stored.read(keepKey(form.dataset.keep)))) return;
      try {
        const request = await load('GET', location.href);
        if (!$('[data-waits]', request.response) && $('[data-waits]')) { swap(request, { push: false }); return; }
      } catch { /* asked again below */ }
      if (pauseMs < 60000) awaitAnswer(pauseMs * 1.6);
    }, pauseMs);
  }

  addEventListener('input', (event) => {
    const form = event.target.closest('form[data-keep]');
    if (form && event.target.matches('[name=title], [name=summary]')) { remember(form); count(form); check(form); sayHere(form); }
    if (event.target.matches('[data-note]')) stored.write(noteKey(event.target), event.target.value);
  });
  let offline = null;
  addEventListener('offline', () => { offline = note(say.offline); });
  addEventListener('online', () => offline?.remove());

  // filters apply as they are chosen
  addEventListener('change', (event) => {
    const form = event.target.closest('form.filters');
    if (form && event.target.matches('select')) go(`${form.action}?${new URLSearchParams(new FormData(form))}`);
  });

  // ——— keys ———
  const keysOn = () => stored.read('perfuse-keys') !== false;
  function press(selector) { const button = $(selector); if (button) button.click(); return !!button; }
  function step(by) {
    const rows = $$('.rows a[href^="/desk/a/"]');
    const at = rows.findIndex((row) => row.closest('.current'));
    const next = rows[at + by];
    if (next) { go(next.href); return; }
    const page = $(by > 0 ? '.pages [rel=next]' : '.pages [rel=prev]');
    if (page) go(page.href);
  }
  addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const typing = event.target.closest('input:not([type=checkbox]), textarea, select');
    if (event.key === 'Escape') {
      const menu = $('details.menu[open]');
      if (menu) { menu.open = false; $('summary', menu).focus(); }
      else if (typing) typing.blur();
      return;
    }
    if (typing || !keysOn() || !$('header.top nav')) return;
    const acts = {
      j: () => step(1), k: () => step(-1),
      a: () => press('[data-key="a"]'), l: () => press('[data-key="l"]'), r: () => press('[data-key="r"]'), m: () => press('[data-key="m"]'),
      e: () => $('#summary')?.focus(), o: () => press('#open-article'), u: () => press('#undo') || note(say.noUndo, { href: '/desk/history', text: say.history }),
      '/': () => $('#q')?.focus(), '?': () => go('/desk/help'),
    };
    for (let n = 1; n <= 6; n += 1) acts[n] = () => press(`.decide [data-key="${n}"]`);
    const act = acts[event.key];
    if (!act || (event.target.closest('summary, button, a') && (event.key === 'Enter' || event.key === ' '))) return;
    event.preventDefault();
    act();
  });

  // ——— swipe on touch, in addition to the bar ———
  let touch = null;
  addEventListener('touchstart', (event) => {
    const inside = event.target.closest('.opened .work');
    touch = inside && event.touches.length === 1 && !event.target.closest('textarea, input, .bar, .panel')
      ? { x: event.touches[0].clientX, y: event.touches[0].clientY, at: event.timeStamp } : null;
  }, { passive: true });
  addEventListener('touchend', (event) => {
    if (!touch || !keysOn() || getSelection()?.toString()) return;
    const dx = event.changedTouches[0].clientX - touch.x, dy = event.changedTouches[0].clientY - touch.y;
    if (event.timeStamp - touch.at < 500 && Math.abs(dx) > 110 && Math.abs(dy) < 45) press(dx > 0 ? '[data-key="l"]' : '[data-key="r"]');
    touch = null;
  }, { passive: true });

  // ——— after every page ———
  function settle() {
    for (const form of $$('form[data-keep]')) if (!$('#errors', form)) restore(form);
    for (const part of $$('.js-only')) part.hidden = false;
    for (const part of $$('.no-js')) part.hidden = true;
    const toggle = $('#keys-on');
    if (toggle) {
      toggle.checked = keysOn();
      toggle.addEventListener('change', () => stored.write('perfuse-keys', toggle.checked));
    }
    for (const note of $$('[data-note]')) note.value ||= stored.read(noteKey(note)) ?? '';
    awaitAnswer(1500);
    for (const link of $$('.link-text')) link.addEventListener('focus', () => link.select());
  }
  settle();
  const address = new URL(location.href);
  if (saidNames.some((name) => address.searchParams.has(name))) {
    for (const name of saidNames) address.searchParams.delete(name);
    history.replaceState(null, '', address);
  }
  here = place();
  reveal();
})();
