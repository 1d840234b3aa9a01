/* What a channel asks of a board, whatever the board is: a Class 1 modem, the simulated device, later a card that does
 * T.30 by itself. A board does its work in move() and settle(), a piece at a time, and says when it has more. Everything
 * else is an order (heeded or refused, always with an event) or a question.
 */
#ifndef FL_BOARD_H
#define FL_BOARD_H

#include "base/boundary.h"
#include "base/trace.h"

struct fl_board;
struct fl_office;

/* Which way documents may go in a fax session; of both, the first is the one that the application asked for. */
enum fl_fax_ways { FL_SEND, FL_RECEIVE, FL_SEND_RECEIVE, FL_RECEIVE_SEND };

struct fl_board_ops {
    void (*dial)(struct fl_board *board, const char *number, fl_time now);
    void (*hang_up)(struct fl_board *board, fl_time now);
    /* The document (NULL: none) stays the channel's, and lives until the session has ended. */
    void (*fax)(struct fl_board *board, enum fl_fax_ways ways, const struct fl_fax_options *options,
                struct fl_document *document, fl_time now);
    void (*stored)(struct fl_board *board, bool good, fl_time now);
    /* The document that is being sent has so many pages more, or is known to be complete. */
    void (*more)(struct fl_board *board, int pages, fl_time now);
    void (*stop)(struct fl_board *board, int raw, fl_time now);
    void (*await)(struct fl_board *board, bool on, fl_time now);
    void (*answer)(struct fl_board *board, fl_time now);
    void (*reject)(struct fl_board *board, fl_time now);
    /* Simulated: a far machine is to call with this document, which is the board's from now on. */
    void (*incoming)(struct fl_board *board, const struct fl_fax_options *options,
                     struct fl_document *document, fl_time now);
    /* What there is to do at `now`: true when something was done, and both are called again until nothing is. First
     * everybody's octets and timers (move), then what looks at several lines of an office (settle; NULL: nothing). */
    bool (*move)(struct fl_board *board, fl_time now);
    bool (*settle)(struct fl_board *board, fl_time now);
    /* When there will be something to do for this board; FL_NEVER: not by itself. */
    fl_time (*deadline)(struct fl_board *board);
    /* It never comes to rest: it does nothing any more. */
    void (*give_up)(struct fl_board *board, fl_time now);
    /* Its own thread begins a round: only then is the descriptor's state looked at. NULL: nothing to do. */
    void (*woken)(struct fl_board *board);
    /* A descriptor that says when there is something to do, and for what to poll it; -1 (or NULL): none. */
    int (*fd)(struct fl_board *board, short *poll_events, fl_time now);
    /* Of a simulated modem on a pseudo-terminal: the name of its other side. NULL: there is none. */
    const char *(*tty)(const struct fl_board *board);
    /* Fills kind and what belongs to it; seq and time are the channel's. */
    bool (*event)(struct fl_board *board, struct fl_event *event);
    bool (*has_event)(const struct fl_board *board);
    /* Time brings nothing forward: no call is being set up, no fax runs. */
    bool (*resting)(const struct fl_board *board);
    /* A page is on its way into the application's store: virtual time waits for it. */
    bool (*storing)(const struct fl_board *board);
    bool (*on_hook)(const struct fl_board *board);
    int64_t (*violations)(const struct fl_board *board, char *text, size_t text_size);
    int64_t (*take_page)(struct fl_board *board, struct fl_page_info *info, uint8_t *code, int64_t cap);
    int64_t (*take_far_page)(struct fl_board *board, struct fl_page_info *info, uint8_t *code, int64_t cap);
    /* What its modem is and can do; NULL: it has none. */
    void (*modem)(const struct fl_board *board, struct fl_modem_info *info);
    /* Leaves its office: nothing of it is used by another line any more. */
    void (*detach)(struct fl_board *board, fl_time now);
    void (*free)(struct fl_board *board);
};

struct fl_board {
    const struct fl_board_ops *ops;
};

/* The simulated device: a line of the exchange (sim/exchange.c). NULL: error holds a sentence. */
struct fl_board *fl_exchange_open(const struct fl_channel_config *config, struct fl_office *office,
                                  struct fl_trace *trace, char *error, size_t error_size);

/* A Class 1 modem behind a pipe (board/piped.c). */
struct fl_board *fl_piped_open(const struct fl_channel_config *config, struct fl_office *office,
                               struct fl_trace *trace, char *error, size_t error_size);

/* The same on a pseudo-terminal, for any program, in place of our station (sim/socket.c). */
struct fl_board *fl_socket_open(const struct fl_channel_config *config, char *error, size_t error_size);

#endif
