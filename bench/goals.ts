/**
 * What the bench measures against: the goals, and what Flagger 1.44.0 and Argo Rollouts 1.10.0-rc1 did under the same load
 * (200 canaries, interval 10 s, steps 10/25/50/100, one replica each) in the same lab.
 */
export interface Goal {
  readonly figure: string
  readonly goal: string
  readonly flagger: string
  readonly argo: string
}

export const goals = {
  together: {
    figure: 'all at once, first patch to last done, against one alone',
    goal: '≤ 1.2x',
    flagger: '2.4x',
    argo: '6.4–7.3x',
  },
  requests: {
    figure: 'API requests (writes) a promotion',
    goal: '≤ 40 (≤ 24)',
    flagger: '146–165 (16–25)',
    argo: '105–123 (43–79)',
  },
  events: { figure: 'events of a promotion that are written', goal: 'all', flagger: '5 %', argo: 'all' },
  promql: { figure: 'PromQL requests a promotion', goal: '≤ 2', flagger: '8', argo: '42–48' },
  cpu: {
    figure: 'controller CPU a promotion',
    goal: '≤ 16 ms',
    flagger: '75 ms; 33 with its client limit lifted',
    argo: '210–300 ms',
  },
  memory: { figure: 'peak RSS', goal: '≤ 90 MiB', flagger: '86–91 MiB', argo: '145–160 MiB' },
  size: { figure: 'RSS at rest, 2,000 canaries', goal: '≤ 200 MiB', flagger: 'not measured', argo: 'not measured' },
  takeover: {
    figure: 'taken over by a new process, 2,000 canaries',
    goal: '< 30 s',
    flagger: 'not measured',
    argo: 'not measured',
  },
  idle: { figure: 'API requests per idle canary and minute', goal: '0', flagger: '72', argo: '0' },
  firstWeight: {
    figure: 'patch to first weight without readiness of the pods, median / max',
    goal: '< 0.4 / 1 s',
    flagger: '15.7 / 19.3 s with it',
    argo: '0.4–1.0 / 3.0 s with it',
  },
  weightZero: {
    figure: 'fatal sample to weight 0, median / max',
    goal: '< 0.3 / 1 s',
    flagger: '9.9 / 10.3 s',
    argo: '1.8 / 3.2 s',
  },
  SIGTERM: { figure: 'failover after SIGTERM', goal: '< 2 s', flagger: '10 s', argo: 'not measured' },
  SIGKILL: { figure: 'failover after SIGKILL', goal: '< 15 s', flagger: '61 s', argo: 'not measured' },
} as const satisfies Record<string, Goal>
