// The whole story in a real Chromium, against a running local stack: `BASE_URL=http://127.0.0.1:9000 node --test tests/story.mjs`.
// The scenes share a browser, each opens pages of its own, and several play at once; those that measure play alone, first.
import { after, describe, test } from "node:test";
import { end, scenes, timed } from "./story/stage.mjs";
import "./story/dead-letter.mjs";
import "./story/list.mjs";
import "./story/import.mjs";
import "./story/mend.mjs";
import "./story/live.mjs";
import "./story/sign-in.mjs";
import "./story/operators.mjs";
import "./story/callbacks.mjs";
import "./story/access.mjs";

after(end);
describe("alone", { concurrency: 1 }, () => timed.forEach(({ name, play }) => void test(name, play)));
describe("at once", { concurrency: 4 }, () => scenes.forEach(({ name, play }) => void test(name, play)));
