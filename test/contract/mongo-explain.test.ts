// The reader of plans, held to the form in which each kind of server tells one. The documents have the fields that the named
// sources show, with collections and indexes of ours; those of FerretDB 1 were recorded from the server that the tests start.
import { describe, expect, test } from 'vitest';
import { readPlan } from '../support/mongo-plan.ts';

const ixscan = { stage: 'IXSCAN', keyPattern: { conversationId: 1, key: 1 }, indexName: 'key', direction: 'forward' };
const fetched = { stage: 'FETCH', inputStage: ixscan };
const collscan = { stage: 'COLLSCAN', filter: { key: { $eq: 'v:1' } }, direction: 'forward' };
const planned = (winningPlan: object, rejectedPlans: object[] = []): object => ({
  namespace: 'chat.commits',
  indexFilterSet: false,
  parsedQuery: { stage: { $eq: 'COLLSCAN' } },
  winningPlan,
  rejectedPlans,
});
const shard = (shardName: string, winningPlan: object): object => ({
  shardName,
  connectionString: `${shardName}/127.0.0.1:27018`,
  serverInfo: { host: 'one', port: 27_018, version: '8.0.4' },
  ...planned(winningPlan),
});

interface Form {
  source: string;
  lookedUp: Record<string, Record<string, unknown>>;
  scanned: Record<string, Record<string, unknown>>;
}

const MANUAL = 'https://www.mongodb.com/docs/manual/reference/explain-results/';

const forms: Record<string, Form> = {
  'MongoDB, classic engine': {
    source: `${MANUAL} (explainVersion 1)`,
    lookedUp: {
      'by an index, with another plan that was rejected': {
        explainVersion: '1',
        queryPlanner: planned({ stage: 'LIMIT', limitAmount: 1, inputStage: fetched }, [collscan]),
        executionStats: { nReturned: 1, totalKeysExamined: 2, totalDocsExamined: 1, executionStages: fetched },
      },
      'by `_id` before 8.0': { explainVersion: '1', queryPlanner: planned({ stage: 'IDHACK' }) },
      'by `_id` since 8.0': {
        explainVersion: '1',
        queryPlanner: planned({
          isCached: false,
          stage: 'EXPRESS_IXSCAN',
          keyPattern: '{ _id: 1 }',
          indexName: '_id_',
        }),
      },
      'alternatives, each by an index': {
        explainVersion: '1',
        queryPlanner: planned({
          stage: 'SUBPLAN',
          inputStage: { stage: 'FETCH', inputStage: { stage: 'OR', inputStages: [ixscan, ixscan] } },
        }),
      },
      'a write': {
        explainVersion: '1',
        queryPlanner: planned({ stage: 'UPDATE', nWouldModify: 1, inputStage: fetched }),
      },
      'an aggregation': {
        explainVersion: '1',
        stages: [{ $cursor: { queryPlanner: planned(fetched) } }, { $group: { _id: '$shape' } }],
      },
      'what cannot be true': {
        explainVersion: '1',
        queryPlanner: planned({ stage: 'EOF', type: 'predicateEvalsToFalse' }),
      },
    },
    scanned: {
      'the whole collection': { explainVersion: '1', queryPlanner: planned(collscan) },
      'one alternative of two': {
        explainVersion: '1',
        queryPlanner: planned({ stage: 'OR', inputStages: [ixscan, collscan] }),
      },
      'an aggregation': { explainVersion: '1', stages: [{ $cursor: { queryPlanner: planned(collscan) } }] },
    },
  },
  'MongoDB, slot-based engine': {
    source: `${MANUAL} (explainVersion 2)`,
    lookedUp: {
      'by an index, in whose own words a scan may be': {
        explainVersion: '2',
        queryPlanner: planned({
          isCached: false,
          queryPlan: { stage: 'GROUP', planNodeId: 3, inputStage: { ...ixscan, planNodeId: 1 } },
          slotBasedPlan: { slots: '$$RESULT=s13', stages: '[1] ixseek COLLSCAN', stage: 'COLLSCAN' },
        }),
        executionStats: { totalDocsExamined: 3, executionStages: { stage: 'scan' } },
      },
    },
    scanned: {
      'the whole collection': {
        explainVersion: '2',
        queryPlanner: planned({
          queryPlan: { ...collscan, planNodeId: 1 },
          slotBasedPlan: { slots: '$$RESULT=s5', stages: '[1] scan s5 s6' },
        }),
      },
    },
  },
  'MongoDB, shards': {
    source: `${MANUAL} (sharded collections)`,
    lookedUp: {
      'one shard': {
        queryPlanner: {
          mongosPlannerVersion: 1,
          winningPlan: {
            stage: 'SINGLE_SHARD',
            shards: [shard('a', { stage: 'FETCH', inputStage: { stage: 'SHARDING_FILTER', inputStage: ixscan } })],
          },
        },
        executionStats: { totalDocsExamined: 4 },
      },
      'all shards, on two engines': {
        queryPlanner: {
          mongosPlannerVersion: 1,
          winningPlan: { stage: 'SHARD_MERGE_SORT', shards: [shard('a', fetched), shard('b', { queryPlan: fetched })] },
        },
      },
      'an aggregation over shards': {
        shards: {
          a: { host: 'one:1', stages: [{ $cursor: { queryPlanner: planned(fetched) } }] },
          b: { queryPlanner: planned(ixscan) },
        },
      },
    },
    scanned: {
      'one shard of two': {
        queryPlanner: {
          mongosPlannerVersion: 1,
          winningPlan: {
            stage: 'SHARD_MERGE',
            shards: [shard('a', fetched), shard('b', { stage: 'SHARDING_FILTER', inputStage: collscan })],
          },
        },
      },
    },
  },
  'Amazon DocumentDB': {
    source: 'Amazon DocumentDB Developer Guide, “Troubleshooting performance and resource utilization”',
    lookedUp: {
      'by an index': {
        queryPlanner: {
          plannerVersion: 1,
          namespace: 'chat.commits',
          winningPlan: { stage: 'IXSCAN', indexName: 'key', direction: 'forward' },
        },
        ok: 1,
      },
    },
    scanned: {
      'the whole collection': {
        queryPlanner: { plannerVersion: 1, namespace: 'chat.commits', winningPlan: { stage: 'COLLSCAN' } },
        ok: 1,
      },
      'the partitions of an elastic cluster': {
        queryPlanner: {
          elasticPlannerVersion: 1,
          winningPlan: {
            stage: 'SHARD_MERGE',
            shards: [
              {
                shardName: 'f2',
                winningPlan: { stage: 'PARTITION_MERGE', inputStages: [{ stage: 'COLLSCAN', partitionCount: 21 }] },
              },
            ],
          },
        },
      },
    },
  },
  'FerretDB 1': {
    source: 'FerretDB 1.24.2 over PostgreSQL 15, as test/support/ferretdb/build.sh builds it',
    lookedUp: {
      'by an index of PostgreSQL': {
        queryPlanner: {
          Plan: {
            'Node Type': 'Bitmap Heap Scan',
            'Relation Name': 'commits_4f59511d',
            Plans: [{ 'Node Type': 'Bitmap Index Scan', 'Index Name': 'commits_4f59511d_expr_idx1' }],
          },
        },
        explainVersion: '1',
        filterPushdown: true,
        sortPushdown: false,
        limitPushdown: false,
        ok: 1,
      },
      'a small table, read whole by a condition that PostgreSQL knows': {
        queryPlanner: { Plan: { 'Node Type': 'Seq Scan', Filter: "(_jsonb -> 'key') @> '\"v:1\"'" } },
        filterPushdown: true,
      },
    },
    scanned: {
      'a table without a condition': {
        queryPlanner: { Plan: { 'Node Type': 'Seq Scan', 'Relation Name': 'commits_4f59511d' } },
        explainVersion: '1',
        filterPushdown: false,
        ok: 1,
      },
    },
  },
  'FerretDB 2 (PostgreSQL with the DocumentDB extension)': {
    source:
      'FerretDB v2.5.0, internal/handler/msg_explain.go: what PostgreSQL’s EXPLAIN (FORMAT JSON) gives is `queryPlanner`',
    lookedUp: {
      'by an index': {
        queryPlanner: {
          Plan: {
            'Node Type': 'Limit',
            Plans: [
              {
                'Node Type': 'Custom Scan',
                'Custom Plan Provider': 'DocumentDBApiScan',
                Plans: [
                  {
                    'Node Type': 'Bitmap Heap Scan',
                    Plans: [{ 'Node Type': 'Bitmap Index Scan', 'Index Name': 'key' }],
                  },
                ],
              },
            ],
          },
        },
        explainVersion: '1',
        serverInfo: { ferretdb: { version: 'v2.5.0' } },
        ok: 1,
      },
      'by `_id`': {
        queryPlanner: { Plan: { 'Node Type': 'Index Scan', 'Index Name': '_id_' } },
        explainVersion: '1',
        ok: 1,
      },
    },
    scanned: {
      'the whole table': {
        queryPlanner: { Plan: { 'Node Type': 'Sort', Plans: [{ 'Node Type': 'Seq Scan', Alias: 'collection' }] } },
        explainVersion: '1',
        ok: 1,
      },
    },
  },
};

describe.each(Object.entries(forms))('a plan of %s', (_server, { source, lookedUp, scanned }) => {
  test(`is read as ${source} shows it`, () => {
    for (const [what, document] of Object.entries(lookedUp))
      expect([what, readPlan(document).isLookedUp]).toEqual([what, true]);
    for (const [what, document] of Object.entries(scanned))
      expect([what, readPlan(document).isLookedUp]).toEqual([what, false]);
  });
});

describe('a plan', () => {
  test('names its indexes and counts what was looked at, where the server tells', () => {
    const [document] = Object.values(forms['MongoDB, classic engine']!.lookedUp);
    expect(readPlan(document!)).toMatchObject({ indexes: ['key'], examined: 1, stages: ['LIMIT', 'FETCH', 'IXSCAN'] });
    expect(readPlan({ queryPlanner: planned(fetched) }).examined).toBeUndefined();
  });

  test('of a form that nobody knows is not looked up', () => {
    expect(readPlan({ ok: 1, plan: 'by an index, honestly' }).isLookedUp).toBe(false);
  });
});
