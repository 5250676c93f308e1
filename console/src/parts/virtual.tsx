// A table of any length: only the rows in sight are there, each of one height; an element that leaves is used again.
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

const BEYOND = 8;
/** The header's height and both borders. */
const HEAD = 39;

export interface VirtualProps {
  label: string;
  total: number;
  rowHeight: number;
  header: ComponentChildren;
  /** The cells of a row. */
  row: (place: number) => ComponentChildren;
  rowClass?: (place: number) => string;
  active: number;
  activate: (place: number, open: boolean) => void;
  /** Tells which rows are in sight. */
  seen: (from: number, to: number) => void;
}

export function VirtualTable(props: VirtualProps) {
  const box = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(600);
  const { rowHeight, total } = props;
  const pool = Math.ceil(height / rowHeight) + 2 * BEYOND;
  const from = Math.max(0, Math.min(total - pool, Math.floor(top / rowHeight) - BEYOND));
  const to = Math.min(total, from + pool);

  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const measure = new ResizeObserver(() => setHeight(element.clientHeight));
    measure.observe(element);
    return () => measure.disconnect();
  }, []);
  useEffect(() => props.seen(from, to), [from, to, total]);

  const move = (to: number) => {
    const place = Math.max(0, Math.min(total - 1, to));
    const element = box.current;
    if (!element) return;
    const head = element.querySelector<HTMLElement>(".vhead")?.offsetHeight ?? 0;
    const at = place * rowHeight;
    if (at < element.scrollTop) element.scrollTop = at;
    else if (at + rowHeight + head > element.scrollTop + element.clientHeight) {
      element.scrollTop = at + rowHeight + head - element.clientHeight;
    }
    props.activate(place, false);
  };
  const press = (event: KeyboardEvent) => {
    if (event.target !== box.current) return;
    const pages = Math.max(1, Math.floor(height / rowHeight) - 2);
    const moves: Record<string, number> = {
      ArrowDown: props.active + 1, ArrowUp: props.active - 1, j: props.active + 1, k: props.active - 1,
      PageDown: props.active + pages, PageUp: props.active - pages, Home: 0, End: total - 1,
    };
    const next = moves[event.key];
    if (next !== undefined) move(next);
    else if (event.key === "Enter" && props.active >= 0) props.activate(props.active, true);
    else return;
    event.preventDefault();
  };

  const places = Array.from({ length: Math.max(0, to - from) }, (_, n) => from + n);
  return (
    <div
      ref={box} class="vtable" role="grid" aria-label={props.label} aria-rowcount={total + 1} tabIndex={0}
      style={{ height: `${total * rowHeight + HEAD}px` }}
      aria-activedescendant={props.active >= from && props.active < to ? `row-${props.active}` : undefined}
      onScroll={(event) => setTop(event.currentTarget.scrollTop)} onKeyDown={press}
    >
      <div class="vhead" role="row" aria-rowindex={1}>{props.header}</div>
      <div class="vbody" role="rowgroup" style={{ height: `${total * rowHeight}px` }}>
        {places.map((place) => (
          <div
            key={place % pool} id={`row-${place}`} role="row" aria-rowindex={place + 2} aria-selected={place === props.active}
            class={`vrow ${props.rowClass?.(place) ?? ""}`}
            style={{ transform: `translateY(${place * rowHeight}px)`, height: `${rowHeight}px` }}
            onClick={() => props.activate(place, true)}
          >
            {props.row(place)}
          </div>
        ))}
      </div>
    </div>
  );
}
