const STEP = 1.25;
/** Zoomed out no further than this, unless the whole drawing is smaller still. */
const SMALLEST = 0.02;
const LARGEST = 2;
/** Fewer pixels are a click that trembled. */
const DRAG_FROM = 5;

/**
 * Zooms and drags the diagram of a flow. Without it the diagram scrolls.
 *
 * @example
 * <figure data-controller="sms-flow">
 *   <div data-sms-flow-target="tools" hidden>
 *     <button type="button" data-action="sms-flow#fit">Show all</button>
 *     <output data-sms-flow-target="scale"></output>
 *   </div>
 *   <div data-sms-flow-target="view" tabindex="0">
 *     <svg data-sms-flow-target="drawing" width="800" height="600">...</svg>
 *   </div>
 * </figure>
 */
class SmsFlow extends window.StimulusModule.Controller {
  static targets = ['tools', 'view', 'drawing', 'scale'];

  /** One among others on its page begins as wide as its view. */
  static values = { isFitted: { type: Boolean, default: false } };

  /** The scale at which a drawing is seen whole, never larger than life. */
  static fittingScale([width, height, roomAcross, roomDown]) {
    return Math.min(1, roomAcross / width, roomDown / height);
  }

  connect() {
    this.width = this.drawingTarget.viewBox.baseVal.width;
    this.height = this.drawingTarget.viewBox.baseVal.height;
    this.toolsTarget.hidden = false;
    // It prints at its own size, however it was zoomed.
    this.drawingTarget.style.setProperty('--sms-flow-width', `${this.width}px`);
    this.listeners = new AbortController();
    const { signal } = this.listeners;
    const view = this.viewTarget;
    view.classList.add('is-draggable');
    view.addEventListener('keydown', (event) => this.press(event), { signal });
    view.addEventListener('pointerdown', (event) => this.take(event), { signal });
    view.addEventListener('wheel', (event) => this.wheel(event), {
      signal,
      passive: false,
    });
    view.addEventListener('focusin', (event) => this.reveal(event), { signal });
    // A link that is dragged would be dropped somewhere; a click ends no drag.
    view.addEventListener('dragstart', (event) => event.preventDefault(), { signal });
    view.addEventListener('click', (event) => this.click(event), {
      signal,
      capture: true,
    });
    this.show(1);
    this.toMiddle();
    if (this.isFittedValue) this.fitWidth();
  }

  disconnect() {
    this.listeners.abort();
    this.drag?.abort();
    this.toolsTarget.hidden = true;
    this.viewTarget.classList.remove('is-draggable', 'is-dragged');
  }

  fit() {
    this.show(this.wholeScale());
    this.toMiddle();
  }

  wholeScale() {
    const { clientWidth, clientHeight } = this.viewTarget;
    const room = [clientWidth, Math.max(clientHeight, window.innerHeight * 0.7)];
    return SmsFlow.fittingScale([this.width, this.height, ...room]);
  }

  /** As wide as the view, to read from top to bottom. */
  fitWidth() {
    this.show(Math.min(1, this.viewTarget.clientWidth / this.width));
    this.toMiddle();
  }

  zoomIn() {
    this.zoom(STEP);
  }

  zoomOut() {
    this.zoom(1 / STEP);
  }

  /** Zoom and keep in its place what stands in the middle of the view. */
  zoom(factor) {
    const view = this.viewTarget;
    const before = this.scale;
    const across = view.scrollLeft + view.clientWidth / 2;
    const down = view.scrollTop + view.clientHeight / 2;
    this.show(before * factor);
    view.scrollLeft = (across * this.scale) / before - view.clientWidth / 2;
    view.scrollTop = (down * this.scale) / before - view.clientHeight / 2;
  }

  show(scale) {
    // What is hidden has no room to fit in.
    const smallest = Math.min(SMALLEST, this.wholeScale() || SMALLEST);
    this.scale = Math.min(LARGEST, Math.max(smallest, scale));
    this.drawingTarget.setAttribute('width', this.width * this.scale);
    this.drawingTarget.setAttribute('height', this.height * this.scale);
    const language = document.documentElement.lang || undefined;
    this.scaleTarget.textContent = new Intl.NumberFormat(language, {
      style: 'percent',
    }).format(this.scale);
  }

  toMiddle() {
    const view = this.viewTarget;
    view.scrollLeft = (view.scrollWidth - view.clientWidth) / 2;
  }

  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const moves = {
      '+': () => this.zoomIn(),
      '=': () => this.zoomIn(),
      '-': () => this.zoomOut(),
      0: () => this.fit(),
    };
    if (!(event.key in moves)) return;
    event.preventDefault();
    moves[event.key]();
  }

  /** Scroll to a card that gets the focus: browsers do not always do so in a drawing. */
  reveal({ target }) {
    if (!target.matches('.sms-flow__card:focus-visible')) return;
    // They scroll themselves once the focus is there, and may end elsewhere.
    window.requestAnimationFrame(() => {
      const view = this.viewTarget;
      const card = target.getBoundingClientRect();
      const room = view.getBoundingClientRect();
      if (card.top < room.top || card.bottom > room.bottom) {
        view.scrollTop += (card.top + card.bottom - room.top - room.bottom) / 2;
      }
      if (card.left < room.left || card.right > room.right) {
        view.scrollLeft += (card.left + card.right - room.left - room.right) / 2;
      }
      view.scrollIntoView({ block: 'nearest' });
    });
  }

  wheel(event) {
    // Browsers report a pinch as a turned wheel with Ctrl.
    if (!event.ctrlKey) return;
    event.preventDefault();
    // A touchpad reports many small turns for one pinch, a wheel few large ones.
    const factor = Math.exp(-event.deltaY / 100);
    this.zoom(Math.min(STEP, Math.max(1 / STEP, factor)));
  }

  take(event) {
    // A finger scrolls by itself.
    if (event.button !== 0 || event.pointerType === 'touch') return;
    const view = this.viewTarget;
    const { clientX, clientY } = event;
    const { scrollLeft, scrollTop } = view;
    this.wasDragged = false;
    this.drag = new AbortController();
    const move = (moved) => {
      const across = moved.clientX - clientX;
      const down = moved.clientY - clientY;
      if (!this.wasDragged && Math.hypot(across, down) < DRAG_FROM) return;
      this.wasDragged = true;
      view.classList.add('is-dragged');
      view.scrollLeft = scrollLeft - across;
      view.scrollTop = scrollTop - down;
    };
    const drop = () => {
      view.classList.remove('is-dragged');
      this.drag.abort();
      // The click that ends a drag comes at once, or never: then it swallows no other.
      window.setTimeout(() => {
        this.wasDragged = false;
      });
    };
    const { signal } = this.drag;
    window.addEventListener('pointermove', move, { signal });
    window.addEventListener('pointerup', drop, { signal });
    window.addEventListener('pointercancel', drop, { signal });
  }

  click(event) {
    if (this.wasDragged) event.preventDefault();
    this.wasDragged = false;
  }
}

window.wagtail.app.register('sms-flow', SmsFlow);
