import { createAttempts } from "./attempts.ts";
import { type Audit, type AuditDeps, createAudit } from "./audit.ts";
import { createRecorder, type Recorder } from "./recorder.ts";
import { createSubjects, type SubjectDeps } from "./subject.ts";

export interface Recording {
  audit: Audit;
  recorder: Recorder;
  /** Writes what is still in memory. */
  close(): Promise<void>;
}

/** The log of who did what, and those who write into it, joined. */
export function createRecording(deps: AuditDeps & SubjectDeps): Recording {
  const { collections } = deps;
  const audit = createAudit(deps);
  const attempts = createAttempts(audit.record);
  const recorder = createRecorder({
    record: audit.record,
    attempts,
    subjectOf: createSubjects(deps),
    collections,
  });
  return {
    audit,
    recorder,
    close() {
      attempts.close();
      return audit.close();
    },
  };
}
