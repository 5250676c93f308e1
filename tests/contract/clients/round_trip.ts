// A batch from submit to result, through the client that openapi-typescript describes: BASE_URL, TASK_ID and DAY in the environment.

import createClient from 'openapi-fetch';
import type { paths } from './api.js';

declare const process: { env: Record<string, string | undefined> };

function need(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
}

/** The data of a success; the types know it by its code. */
function data<T>(answer: { code: 0; data: T } | { code: 1; error: string; msg: string } | undefined): T {
  if (answer === undefined) throw new Error('no answer of the service');
  if (answer.code !== 0) throw new Error(`${answer.error}: ${answer.msg}`);
  return answer.data;
}

const [task_id, day] = [need('TASK_ID'), need('DAY')];
const client = createClient<paths>({ baseUrl: need('BASE_URL') });

const submitted = await client.POST('/station/order/batch/submit', {
  body: {
    task_id,
    time_config_id: 'T1-DAILY',
    order_data: [
      { address_id: 'S001', receive_begin_time: `${day} 06:30`, receive_end_time: `${day} 07:30`, details: [{ sku_id: 'D001', amount: '20' }] },
      { address_id: 'none', receive_begin_time: `${day} 06:30`, receive_end_time: `${day} 07:30`, details: [{ sku_id: 'D001', amount: 1 }], mark: 'kept' },
    ],
  },
});
const url: string = data(submitted.data).task_url;
if (!url.endsWith(`=${task_id}`)) throw new Error(`task_url is ${url}`);

async function finished() {
  for (let tries = 0; tries < 300; tries += 1) {
    const got = await client.GET('/async_task/get', { params: { query: { user_task_id: task_id } } });
    const task = data(got.data);
    if (task.status === 3) return task;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${task_id} does not end`);
}

const task = await finished();
if (task.progress !== 100 || task.can_cancel) throw new Error(`a finished task is ${JSON.stringify(task)}`);

const told = await client.GET('/station/order/batch/result', { params: { query: { task_id, status: 'all' } } });
if (typeof told.data === 'string') throw new Error('a table was not asked for');
const report = data(told.data);
const [made, failed] = report.details;
if (made?.status !== 'success' || failed?.status !== 'failed') throw new Error(JSON.stringify(report));
if (failed.errors[0]?.code !== 'ADDRESS_NOT_FOUND' || failed['mark'] !== 'kept') throw new Error(JSON.stringify(failed));
if (report.counts.success !== 1 || report.counts.failed !== 1) throw new Error(JSON.stringify(report.counts));

const refused = await client.GET('/async_task/get', { params: { query: { user_task_id: `${task_id}-none` } } });
if (refused.data?.code !== 1 || refused.data.error !== 'TASK_NOT_FOUND') throw new Error(JSON.stringify(refused.data));
