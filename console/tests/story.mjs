// The whole story in a real Chromium, against a running local stack: `BASE_URL=http://127.0.0.1:9000 node --test tests/story.mjs`.
// The scenes run one after the other in one browser; each opens pages of its own.
import { after } from "node:test";
import { end } from "./story/stage.mjs";
import "./story/list.mjs";
import "./story/import.mjs";
import "./story/mend.mjs";
import "./story/live.mjs";
import "./story/sign-in.mjs";
import "./story/operators.mjs";
import "./story/access.mjs";

after(end);
