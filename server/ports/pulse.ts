// How late the process itself is: what waits in the kernel while a turn of the event loop takes long has no other witness.

export interface Pulse {
  /** The longest that the event loop came late since this was asked last, ms; 0 where it was on time. */
  lateMs(): number;
}
