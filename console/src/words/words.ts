// All words by their names.
import { FRAME } from "./frame.ts";
import { IMPORT } from "./import.ts";
import { OPERATE } from "./operate.ts";
import { TASK } from "./task.ts";

export const WORDS = { ...FRAME, ...TASK, ...IMPORT, ...OPERATE } as const;
