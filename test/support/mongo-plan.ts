// Reads how a server answers a question, from what its `explain` says; each kind of server says it in another form.

export interface Plan {
  /** Every step, as the server names it: of each shard, and of the plan that was chosen alone. */
  stages: string[];
  /** By name, where the server names them. */
  indexes: string[];
  /** Documents that were looked at; undefined where the server does not count them. */
  examined: number | undefined;
  /** By an index, and no collection is read from its beginning to its end. */
  isLookedUp: boolean;
}

type Explained = Record<string, unknown>;

/** Beside the chosen plan: others, the same one in the words of an engine, and what was asked. */
const BESIDE = new Set([
  'rejectedPlans',
  'slotBasedPlan',
  'executionStats',
  'parsedQuery',
  'command',
  'serverInfo',
  'filter',
]);

const collect = (node: unknown, stages: string[], indexes: string[]): void => {
  if (Array.isArray(node)) for (const one of node) collect(one, stages, indexes);
  if (node === null || typeof node !== 'object' || Array.isArray(node)) return;
  const { stage, indexName, 'Node Type': postgres, 'Index Name': postgresIndex } = node as Explained;
  for (const one of [stage, postgres]) if (typeof one === 'string') stages.push(one);
  for (const one of [indexName, postgresIndex]) if (typeof one === 'string') indexes.push(one);
  for (const [name, value] of Object.entries(node)) if (!BESIDE.has(name)) collect(value, stages, indexes);
};

/** `EOF` reads nothing: the condition cannot be true. */
const LOOKED_UP = /^(IXSCAN|IDHACK|EXPRESS_\w+|COUNT_SCAN|DISTINCT_SCAN|CLUSTERED_IXSCAN|EOF)$/;
const READ_WHOLE = /^(COLLSCAN|Seq Scan|Parallel Seq Scan)$/;
/** PostgreSQL's. */
const POSTGRES = /Index (Only )?Scan|Bitmap Index Scan/;

const examinedIn = (stats: unknown): number | undefined => {
  const { totalDocsExamined } = (stats ?? {}) as { totalDocsExamined?: unknown };
  return typeof totalDocsExamined === 'number' ? totalDocsExamined : undefined;
};

/** @param explained the answer to `explain` of a find, a write or an aggregation */
export const readPlan = (explained: Explained): Plan => {
  const stages: string[] = [];
  const indexes: string[] = [];
  collect(explained, stages, indexes);
  const examined = examinedIn(explained['executionStats']);
  // FerretDB 1 reads by a condition that it hands on to PostgreSQL, whose plan is of the table as it is: small ones are read whole.
  if ('filterPushdown' in explained) {
    return { stages, indexes, examined, isLookedUp: explained['filterPushdown'] === true };
  }
  const isLookedUp = stages.some((stage) => LOOKED_UP.test(stage) || POSTGRES.test(stage));
  return { stages, indexes, examined, isLookedUp: isLookedUp && !stages.some((stage) => READ_WHOLE.test(stage)) };
};
