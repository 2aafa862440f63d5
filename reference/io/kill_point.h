#ifndef REFERENCE_IO_KILL_POINT_H
#define REFERENCE_IO_KILL_POINT_H

// A place where a test may end the process as a power failure would. The point's name is
// EVENT:NAME, where NAME is the last part of `path`:
//   write:F      what was written to file F is partly in memory still; of a log, the next line
//   rename:F     file or folder F is complete under its temporary name
//   renamed:F    it has its final name, the folder it is in is not synced yet
//   remove:F     folder F is about to be removed
//   removed:F    one file F of a folder that is being removed is gone
//   written:F    a line was appended to file F
//   lock:F       folder F is about to be locked
// SGATLIN_KILL=EVENT:NAME[:COUNT] in the environment raises SIGKILL at the COUNT-th call (1) with
// that name, SGATLIN_STOP raises SIGSTOP. Without them it does nothing. Not for several threads at
// once.
void kill_point(const char *event, const char *path);
#endif
