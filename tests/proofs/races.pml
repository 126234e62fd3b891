/* The races between the controller and the keeper over one line, for SPIN.

   Modelled: the two queues of the socket (hardware/protocol.py), the keeper's core (hardware/permits.py), what the
   controller takes a line for (hardware/client.py), and a controller that may hang at any moment with its socket open.
   The keeper opens a line in time, but may read late. Left out: several lines, the pair of relays, the caps.

   Demanded, after every step:
     lease    the line is high only within LEASE of a renewal that was sent
     opening  a line that the keeper opened by itself closes only by a permit that was sent in knowledge of it
     belief   with nothing under way, the controller takes the line for what it is, and wants what is

   Each switch puts a flaw back that one of these has to find:
     LEASE_COUNTS_FROM_READING   a renewal that waited in the queue counts from when it was read
     NO_GENERATION               a permit that was under way when the keeper opened the line closes it again
     PERMITS_COMPARED_BY_VALUE   the refusal of one permit is taken for that of an equal one sent after it
*/

#ifndef LEASE
#define LEASE 2
#endif
#ifndef LAST
#define LAST 3 /* the last instant */
#endif
#ifndef PERMITS
#define PERMITS 2 /* how many are sent */
#endif
#ifndef TRIPS
#define TRIPS 1 /* how often an input makes the keeper open the line */
#endif
#define NEVER 255

#ifdef LEASE_COUNTS_FROM_READING
#define SENT now
#else
#define SENT a
#endif
#ifdef NO_GENERATION
#define NAMED true
#else
#define NAMED (g == generation)
#endif
#ifdef PERMITS_COMPARED_BY_VALUE
#define SAME(one, other) (ends[one] == ends[other])
#else
#define SAME(one, other) (one == other)
#endif

mtype = { RENEW, PERMIT, OPEN, DONE, REFUSED, OPENED };
chan to_keeper = [3] of { mtype, byte, byte, byte };     /* kind, sent_at | not_after, generation, which permit */
chan to_controller = [4] of { mtype, byte, byte };       /* kind, generation, which permit */

byte now;

/* the keeper */
bool high;
byte not_after, generation;
byte leased_from = NEVER;

/* the controller */
byte wanted, believed;    /* which permit, 0: none */
byte known;               /* the line's generation as far as heard */
byte ends[PERMITS + 1];   /* which permit: its not_after */
byte permits, trips;

/* what only the demands look at */
byte renewed_at = NEVER;  /* when the last renewal was sent */
byte openings, heard;     /* by the keeper itself; and how many of them the controller has heard of */
byte knew[PERMITS + 1];   /* which permit: how many it had heard of then */

inline demand() {
    assert(!high || (renewed_at != NEVER && now < renewed_at + LEASE));
    assert(!high || now < not_after);
    assert(len(to_keeper) + len(to_controller) > 0 || high == (believed != 0));
    assert(len(to_keeper) + len(to_controller) > 0 || high == (wanted != 0))
}

/* --- the keeper -------------------------------------------------------------------------------------------- */

inline revoke() {
    high = false;
    generation++;
    openings++;
    to_controller ! OPENED(generation, 0)
}

inline expire() {
    if
    :: leased_from != NEVER && now >= leased_from + LEASE -> leased_from = NEVER; revoke()
    :: else ->
        if
        :: high && now >= not_after -> revoke()
        :: else
        fi
    fi
}

inline renew() {
    if
    :: now < SENT + LEASE -> leased_from = SENT
    :: else
    fi
}

inline permit() {
    if
    :: leased_from != NEVER && now < a && NAMED -> assert(knew[which] == openings);
        high = true;
        not_after = a;
        to_controller ! DONE(0, which)
    :: else ->
        high = false;
        to_controller ! REFUSED(generation, which)
    fi
}

active proctype keeper() {
    mtype kind;
    byte a, g, which;
end:
    do
    :: atomic { nempty(to_keeper) && nfull(to_controller) ->
        to_keeper ? kind, a, g, which;
        if
        :: kind == RENEW -> renew()
        :: kind == PERMIT -> permit()
        :: kind == OPEN -> high = false; to_controller ! DONE(0, 0)
        fi;
        demand() }
    :: atomic { trips < TRIPS && nfull(to_controller) -> trips++; revoke(); demand() }
    od
}

active proctype clock() {
end:
    do
    :: atomic { now < LAST && nfull(to_controller) -> now++; expire(); demand() }
    od
}

/* --- the controller ---------------------------------------------------------------------------------------- */

inline send_permit(end) {
    permits++;
    wanted = permits;
    ends[permits] = end;
    knew[permits] = heard;
    to_keeper ! PERMIT(end, known, permits)
}

inline hear_done() {
    if
    :: which == 0 -> believed = 0
    :: which != 0 && wanted == which -> believed = which
    :: else
    fi
}

inline hear_refused() {
    known = g;
    if
    :: wanted != 0 && SAME(wanted, which) -> wanted = 0; believed = 0
    :: else
    fi
}

active proctype controller() {
    mtype kind;
    byte g, which;
end:
    do
    :: atomic { nfull(to_keeper) && renewed_at != now -> renewed_at = now; to_keeper ! RENEW(now, 0, 0); demand() }
    :: atomic { nfull(to_keeper) && permits < PERMITS && (wanted == 0 || ends[wanted] != now + 1) ->
        send_permit(now + 1); demand() }
    :: atomic { nfull(to_keeper) && permits < PERMITS && (wanted == 0 || ends[wanted] != LAST) ->
        send_permit(LAST); demand() }
    :: atomic { nfull(to_keeper) && wanted != 0 -> wanted = 0; to_keeper ! OPEN(0, 0, 0); demand() }
    :: atomic { nempty(to_controller) ->
        to_controller ? kind, g, which;
        if
        :: kind == DONE -> hear_done()
        :: kind == REFUSED -> hear_refused()
        :: kind == OPENED -> known = g; heard++; wanted = 0; believed = 0
        fi;
        demand() }
    :: break /* hangs, with its socket open */
    od
}
