// Questions that stop everything else, and short words at the edge that may be taken back.
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { Store, useStore } from "../base/store.ts";
import { t } from "../words/index.ts";
import { Icon } from "./icons.tsx";

interface Question {
  title: string;
  text: ComponentChildren;
  yes: string;
  danger?: boolean;
  answer: (yes: boolean) => void;
}

const question = new Store<Question | undefined>(undefined);

/** Asks, and resolves to whether the person said yes. */
export function ask(asked: Omit<Question, "answer">): Promise<boolean> {
  return new Promise((resolve) => {
    question.set({
      ...asked,
      answer: (yes) => {
        question.set(undefined);
        resolve(yes);
      },
    });
  });
}

export function QuestionDialog() {
  const asked = useStore(question);
  const dialog = useRef<HTMLDialogElement>(null);
  // Closed, not taken away: a dialog that closes gives the focus back.
  useLayoutEffect(() => {
    if (!asked) dialog.current?.close();
    else if (!dialog.current?.open) dialog.current?.showModal();
  }, [asked]);
  return (
    <dialog ref={dialog} class="dialog" aria-labelledby="question" onCancel={(event) => (event.preventDefault(), asked?.answer(false))}>
      {asked && (
        <>
          <h2 id="question">{asked.title}</h2>
          <div class="muted">{asked.text}</div>
          <div class="actions end">
            <button class="button" autofocus onClick={() => asked.answer(false)}>{t("no")}</button>
            <button class={asked.danger ? "button danger" : "button primary"} onClick={() => asked.answer(true)}>{asked.yes}</button>
          </div>
        </>
      )}
    </dialog>
  );
}

interface Note {
  id: number;
  text: string;
  bad?: boolean;
  undo?: () => void;
}

const notes = new Store<Note[]>([]);
let lastNote = 0;

export function note(text: string, options: { bad?: boolean; undo?: () => void } = {}): void {
  lastNote += 1;
  const id = lastNote;
  notes.set([...notes.value.slice(-2), { id, text, ...options }]);
  setTimeout(() => dismiss(id), options.undo ? 10_000 : 5_000);
}

function dismiss(id: number): void {
  notes.set(notes.value.filter((other) => other.id !== id));
}

export function Notes() {
  return (
    <div class="notes" role="status" aria-live="polite">
      {useStore(notes).map((one) => (
        <div key={one.id} class={one.bad ? "note bad" : "note"}>
          <span>{one.text}</span>
          {one.undo && <button onClick={() => (one.undo?.(), dismiss(one.id))}>{t("undo")}</button>}
          <button aria-label={t("dismiss")} onClick={() => dismiss(one.id)}><Icon name="cross" /></button>
        </div>
      ))}
    </div>
  );
}
