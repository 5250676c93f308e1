import assert from "node:assert/strict";
import { test } from "node:test";
import { Exact, isRecord, parse, stringify, text } from "../../src/base/json.ts";

test("an id beyond 2^53 keeps every digit", () => {
  const read = parse('{"task_id": 9007199254740993, "user": 18446744073709551615, "small": 12}');
  assert.ok(isRecord(read));
  assert.equal(text(read["task_id"]), "9007199254740993");
  assert.equal(text(read["user"]), "18446744073709551615");
  assert.equal(read["small"], 12);
});

test("a number is written back as it was read", () => {
  for (const written of ['{"price":1.50,"n":[-0.0,1e2,12345678901234567890]}', "[1.10]", "12345678901234567890123"]) {
    assert.equal(stringify(parse(written)), written);
  }
});

test("digits inside a string are left alone", () => {
  const read = parse('{"a":"x: 12345678901234567890, 1.50","b":"\\"1.50","c":2.50}');
  assert.ok(isRecord(read));
  assert.equal(read["a"], "x: 12345678901234567890, 1.50");
  assert.equal(read["b"], '"1.50');
  assert.ok(read["c"] instanceof Exact);
});

test("a string of the data is never taken for a number", () => {
  const text = '\uF8FE1,"x":2';
  const read = parse(JSON.stringify({ a: text, b: 0 }).replace("0", "1.50"));
  assert.ok(isRecord(read));
  assert.equal(read["a"], text);
  assert.deepEqual(JSON.parse(stringify(read)), { a: text, b: 1.5 });
});

test("text of a scalar, of nothing and of the rest", () => {
  assert.deepEqual([text(null), text(undefined), text(false), text("x"), text([1, "a"])], ["", "", "false", "x", '[1,"a"]']);
});
