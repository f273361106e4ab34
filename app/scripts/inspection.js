// Runs in a page: returns a sentence for each fault that can be seen from its boxes and its text.
// `inspect.mjs` evaluates it; `faulty-pages.mjs` has an example of each fault.

(() => {
  /** Least side of a touch target, in CSS pixels. */
  const MIN_TARGET = 44;
  /** Least side of a module of a QR code, in CSS pixels, that cameras of cheap phones read. */
  const MIN_MODULE = 3;
  /** Pixels by which boxes may miss each other: the browser rounds. */
  const SLACK = 1;
  /** Part of a line's height, above and below, that is space and no letters. */
  const LEADING = 0.2;
  /** Margins of a page and of a box on it, in CSS pixels: a word that is longer has to break. */
  const MARGINS = 66;
  const CONTROLS = 'button, a, summary, input, textarea, select';
  /** Text that is read from left to right in every language. */
  const LEFT_TO_RIGHT =
    /https?:|0x[0-9a-f]|\b[0-9a-f]{4} [0-9a-f]{4}\b|\w\/\w|--\w|\bnpm run\b/i;
  const ISOLATED = /\u2066[^\u2069]*\u2069/g;

  const faults = [];
  const root = document.documentElement;
  const styleOf = (element) => getComputedStyle(element);
  const wordsOf = (text) => `"${text.trim().replace(/\s+/g, ' ').slice(0, 50)}"`;
  const isHidden = (element) =>
    element.closest('.visually-hidden, [hidden], script, style') !== null ||
    !element.checkVisibility?.({ visibilityProperty: true });

  /** Text nodes that can be seen, each with the boxes of its lines. */
  function visibleTexts() {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const texts = [];
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const element = node.parentElement;
      if (node.data.trim() === '' || isHidden(element)) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      const lines = [...range.getClientRects()].filter((it) => it.width > 0 && it.height > 0);
      texts.push({ node, element, lines });
    }
    return texts;
  }

  const isWithin = (inner, outer) =>
    inner.left >= outer.left - SLACK &&
    inner.right <= outer.right + SLACK &&
    inner.top >= outer.top - SLACK &&
    inner.bottom <= outer.bottom + SLACK;

  /** Returns whether an element is seen as a box of its own, or cuts off what lies outside of it. */
  function isBox(element) {
    const style = styleOf(element);
    const hasGround = !/^(transparent|rgba\(.*, 0\))$/.test(style.backgroundColor);
    const hasBorder = style.borderTopStyle !== 'none' && style.borderTopWidth !== '0px';
    return hasGround || hasBorder || style.overflowX !== 'visible' || style.overflowY !== 'visible';
  }

  function scrollsSideways() {
    const overflow = root.scrollWidth - root.clientWidth;
    if (overflow > 0) faults.push(`scrolls sideways by ${overflow} px`);
  }

  function hasSmallTargets() {
    for (const control of document.querySelectorAll(CONTROLS)) {
      const target = control.closest('label') ?? control;
      if (isHidden(target)) continue;
      const { width, height } = target.getBoundingClientRect();
      if (Math.min(width, height) >= MIN_TARGET) continue;
      const name = wordsOf(target.textContent || control.id);
      faults.push(`the target ${name} is ${Math.round(width)} by ${Math.round(height)} px`);
    }
  }

  function hasTextOutsideOfItsBox(texts) {
    for (const { node, element, lines } of texts) {
      const letters = lines.map(trimmed);
      for (let box = element; box && box !== document.body; box = box.parentElement) {
        if (!isBox(box)) continue;
        const outer = box.getBoundingClientRect();
        if (letters.some((it) => !isWithin(it, outer))) {
          faults.push(`the text ${wordsOf(node.data)} leaves its box (${box.tagName.toLowerCase()})`);
        }
      }
      const page = { left: 0, right: root.clientWidth, top: -Infinity, bottom: Infinity };
      if (letters.some((it) => !isWithin(it, page))) {
        faults.push(`the text ${wordsOf(node.data)} leaves the page`);
      }
    }
    for (const field of document.querySelectorAll('input, textarea')) {
      const isCut =
        field.scrollWidth > field.clientWidth + SLACK || field.scrollHeight > field.clientHeight + SLACK;
      if (isCut && field.type !== 'radio' && !isHidden(field)) {
        faults.push(`the field of ${wordsOf(field.labels?.[0]?.textContent ?? '')} cuts off its text`);
      }
    }
  }

  /** A line's box without the space above and below the letters. */
  function trimmed({ left, right, top, bottom, height }) {
    return { left, right, top: top + LEADING * height, bottom: bottom - LEADING * height };
  }

  function overlap(one, other) {
    return (
      Math.min(one.right, other.right) - Math.max(one.left, other.left) > SLACK &&
      Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top) > SLACK
    );
  }

  /** Words that go on in the next line without a hyphen; addresses and hashes may. */
  function hasBrokenWords(texts) {
    const range = document.createRange();
    for (const { node, element, lines } of texts) {
      if (lines.length < 2 || element.closest('[dir=ltr]:not(html)')) continue;
      const words = node.data.replace(ISOLATED, (it) => ' '.repeat(it.length)).matchAll(/(?<!\S)\p{L}{2,}/gu);
      for (const { 0: word, index } of words) {
        range.setStart(node, index);
        range.setEnd(node, index + word.length);
        const parts = [...range.getClientRects()].filter((it) => it.width > 0);
        const width = parts.reduce((sum, it) => sum + it.width, 0);
        const isBroken = parts.some((it) => it.top > parts[0].bottom - SLACK);
        if (isBroken && width <= root.clientWidth - MARGINS) faults.push(`breaks the word ${wordsOf(word)}`);
      }
    }
  }

  function hasTextUnderOtherThings(texts) {
    const things = texts.flatMap(({ node, element, lines }) =>
      lines.map((it) => ({ element, name: wordsOf(node.data), box: trimmed(it) })),
    );
    for (const picture of document.querySelectorAll('svg:not(svg svg), video, input, textarea')) {
      if (isHidden(picture)) continue;
      const name = `the ${picture.tagName.toLowerCase()}`;
      things.push({ element: picture, name, box: picture.getBoundingClientRect() });
    }
    things.sort((a, b) => a.box.top - b.box.top);
    for (const [place, one] of things.entries()) {
      for (const other of things.slice(place + 1)) {
        if (other.box.top >= one.box.bottom) break;
        if (one.element === other.element || !overlap(one.box, other.box)) continue;
        faults.push(`${one.name} and ${other.name} lie over each other`);
      }
    }
  }

  function hasTextWithoutDirection(texts) {
    if (root.dir !== 'rtl') return;
    for (const { node, element } of texts) {
      const rest = node.data.replace(ISOLATED, '');
      if (LEFT_TO_RIGHT.test(rest) && !element.closest('[dir=ltr]')) {
        faults.push(`${wordsOf(node.data)} has no direction of its own`);
      }
    }
  }

  /** Blocks of Latin text that leave the side at which the lines of the page begin. */
  function hasBlocksAtTheOtherSide() {
    if (root.dir !== 'rtl') return;
    for (const block of document.querySelectorAll('[dir=ltr]:not(ol, input, textarea)')) {
      if (isHidden(block) || /inline/.test(styleOf(block).display)) continue;
      if (/^(right|center|end)$/.test(styleOf(block).textAlign)) continue;
      faults.push(`${wordsOf(block.textContent)} begins at the other side of the page`);
    }
  }

  function hasTextInPictures() {
    for (const picture of document.querySelectorAll('svg text, img, canvas')) {
      faults.push(`a picture (${picture.tagName.toLowerCase()}) can hold text that nobody translates`);
    }
  }

  function hasSeveralPrimaryActions() {
    const primary = [...document.querySelectorAll('button.primary')].map((it) => wordsOf(it.textContent));
    if (primary.length > 1) faults.push(`has ${primary.length} primary actions: ${primary.join(', ')}`);
  }

  function hasSmallCodes() {
    for (const code of document.querySelectorAll('svg[role=img]:has(rect)')) {
      const module = code.getBoundingClientRect().width / code.viewBox.baseVal.width;
      if (module < MIN_MODULE) faults.push(`a code has modules of ${module.toFixed(1)} px`);
    }
  }

  const texts = visibleTexts();
  scrollsSideways();
  hasSmallTargets();
  hasTextOutsideOfItsBox(texts);
  hasBrokenWords(texts);
  hasTextUnderOtherThings(texts);
  hasTextWithoutDirection(texts);
  hasBlocksAtTheOtherSide();
  hasTextInPictures();
  hasSeveralPrimaryActions();
  hasSmallCodes();
  return [...new Set(faults)];
})();
