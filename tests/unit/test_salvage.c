/*
 * test_salvage.c - each bit of a segment flipped, bytes overwritten, missing, too many, the end cut
 * off: what is left of it is sound, its bytes are at the places where they were, and what is said
 * to be gone is what is gone, to the byte and the line.
 */
#include "segment/salvage.h"

#include "segment/index.h"
#include "segment/verify.h"
#include "segment/writer.h"
#include "segment_fixture.h"

enum { SOURCES = 3 };

/* A segment and all that it holds. */
struct sample {
    struct buf packed;
    struct buf texts[SOURCES];
    struct buf all; /* in the order of its blocks */
    struct segment *segment;
};

static void put_line(struct buf *out, uint64_t *state, size_t i)
{
    buf_printf(out, "2026-03-04 05:%02zu:%02zu host%zu sshd[%zu]: session %zu of user u%zu is %s\n",
               i / 60 % 60, i % 60, random_below(state, 4), 1000 + i % 3, i,
               random_below(state, 90), i % 11 ? "open" : "closed again, by the other side");
}

/* Lines of three sources, taking turns, the last one of each without an end; one longer than a
 * block. */
static void make_sample(struct sample *s, size_t lines)
{
    const struct segment_options options = {.level = LGZ_LEVEL_DEFAULT,
                                            .threads = 1,
                                            .block_size = 4096,
                                            .first_journal = 3,
                                            .last_journal = 5,
                                            .filtered = FILTER_WHOLE};
    const struct rules rules = {.multiline_start = (char[]){"^2026"}, .format = (char[]){""}};
    char name[] = "/var/log/a", input[] = "logs";
    struct segment_writer *w;
    uint64_t state = 5;
    *s = (struct sample){0};
    ck_ok(segment_writer_new(&w, &options, write_to_buf, &s->packed, &err));
    for (size_t k = 0; k < SOURCES; k++) {
        uint32_t index;
        name[9] = (char)('a' + k);
        ck_ok(segment_writer_source(w, &(struct source){.id = k + 7, .name = name, .input = input},
                                    &index, &err));
    }
    ck_ok(segment_writer_rules(w, 1, 0, &rules, &err));
    for (size_t i = 0; i < lines; i++) {
        const size_t k = i / 9 % SOURCES;
        struct buf *text = &s->texts[k];
        const size_t start = text->len;
        if (i == lines / 2)
            for (int j = 0; j < 5000; j++)
                buf_push(text, (uint8_t)('a' + random_below(&state, 26)));
        put_line(text, &state, i);
        text->len -= i >= lines - 9 * SOURCES && i % 9 == 8;
        ck_ok(segment_writer_append(w, (uint32_t)k, start, (int64_t)i, text->data + start,
                                    text->len - start, &err));
    }
    ck_ok(segment_writer_finish(w, &err));
    segment_writer_free(w);
    s->segment = open_packed(buf_span(&s->packed));
    ck_assert_uint_gt(segment_block_count(s->segment), 8);
    ck_assert_uint_gt(segment_info(s->segment)->filter_bytes, 0);
    for (size_t i = 0; i < segment_block_count(s->segment); i++)
        ck_ok(segment_read_block(s->segment, i, &s->all, &err));
}

static void free_sample(struct sample *s)
{
    segment_close(s->segment);
    buf_free(&s->packed);
    buf_free(&s->all);
    for (size_t k = 0; k < SOURCES; k++)
        buf_free(&s->texts[k]);
}

/* Salvage a file with these bytes. */
static int salvage(struct span bytes, struct salvage_result *result, struct buf *out)
{
    const struct salvage_options options = {.name = "lost and found", .first_id = 77, .threads = 1};
    buf_clear(out);
    put_file(bytes);
    return segment_salvage(path, &options, write_to_buf, out, result, &err);
}

static size_t count_newlines(const uint8_t *from, size_t len)
{
    size_t count = 0;
    for (size_t i = 0; i < len; i++)
        count += from[i] == '\n';
    return count;
}

/* Mark what is left, which must be what it was. */
static void check_left(const struct sample *s, const struct segment *left, struct buf *marks)
{
    struct buf raw = {0};
    for (size_t i = 0; i < segment_block_count(left); i++) {
        const struct block_info *block = segment_block(left, i);
        const uint8_t *at;
        buf_clear(&raw);
        ck_ok(segment_read_block(left, i, &raw, &err));
        at = raw.data;
        for (size_t k = 0; k < block->extent_count; k++) {
            const struct extent *x = &block->extents[k];
            ck_assert_uint_lt(x->source, SOURCES);
            const struct buf *text = &s->texts[x->source];
            ck_assert_uint_le(x->offset + x->length, text->len);
            ck_assert_mem_eq(at, text->data + x->offset, x->length);
            memset(marks[x->source].data + x->offset, 1, x->length);
            at += x->length;
        }
    }
    buf_free(&raw);
}

/* What isn't marked as left must be what is said to be gone, and nothing else. */
static void check_losses(const struct sample *s, const struct salvage_result *result,
                         struct buf *marks)
{
    uint64_t bytes = 0;
    uint64_t lines = 0;
    bool twice = false;
    bool untold = false;
    for (size_t i = 0; i < result->loss_count; i++) {
        const struct salvage_loss *loss = &result->losses[i];
        const size_t k = (size_t)loss->source_id - 7;
        ck_assert_uint_lt(k, SOURCES);
        ck_assert_int_eq(loss->name[9], (char)('a' + k));
        const uint8_t *gone = s->texts[k].data + loss->offset;
        ck_assert_uint_le(loss->offset + loss->length, s->texts[k].len);
        ck_assert(loss->counted);
        ck_assert_uint_eq(loss->lines,
                          count_newlines(gone, loss->length) + (gone[loss->length - 1] != '\n'));
        for (uint64_t j = loss->offset; j < loss->offset + loss->length; j++)
            twice |= marks[k].data[j]++;
        bytes += loss->length;
        lines += loss->lines;
    }
    for (size_t k = 0; k < SOURCES; k++)
        for (size_t j = 0; j < s->texts[k].len; j++)
            untold |= !marks[k].data[j];
    ck_assert(!twice && !untold);
    ck_assert_uint_eq(result->raw_lost, bytes);
    ck_assert_uint_eq(result->lines_lost, lines);
    ck_assert_uint_eq(result->raw_bytes + bytes, segment_info(s->segment)->raw_bytes);
}

/* The salvage of a segment whose index is known: compare all of it with the truth. */
static void check_all(const struct sample *s, const struct salvage_result *result,
                      const struct buf *out)
{
    struct buf marks[SOURCES] = {{0}};
    uint64_t end;
    struct segment *left = open_packed(buf_span(out));
    ck_ok(segment_verify(left, &(struct worker){0}, &err));
    ck_assert_msg(result->exact && result->indexed, "%s",
                  result->note_count ? result->notes[0] : "");
    ck_assert_uint_eq(segment_info(left)->first_journal, 3);
    ck_assert_uint_eq(segment_info(left)->last_journal, 5);
    ck_assert_uint_eq(segment_info(left)->lines, result->lines);
    ck_assert_uint_eq(segment_block_count(left), result->blocks);
    ck_assert_uint_eq(segment_block_count(left) + result->blocks_lost,
                      segment_block_count(s->segment));
    ck_assert_str_eq(segment_rules(left, 1, 0, &end)->multiline_start, "^2026");
    ck_assert_ptr_null(segment_rules(left, 2, 0, &end));
    for (size_t k = 0; k < SOURCES; k++)
        for (size_t j = 0; j < s->texts[k].len; j++)
            buf_push(&marks[k], 0);
    check_left(s, left, marks);
    check_losses(s, result, marks);
    for (size_t k = 0; k < SOURCES; k++)
        buf_free(&marks[k]);
    segment_close(left);
    make_path();
}

/* The number of the block that a byte of the file is in, or that of blocks if it's in none. */
static size_t block_of(const struct sample *s, size_t at)
{
    const size_t count = segment_block_count(s->segment);
    for (size_t i = 0; i < count; i++) {
        const struct block_info *block = segment_block(s->segment, i);
        if (at >= block->file_offset && at < block->file_offset + block->stored_len)
            return i;
    }
    return count;
}

static uint64_t blocks_end(const struct sample *s)
{
    const struct block_info *last = segment_block(s->segment, segment_block_count(s->segment) - 1);
    return last->file_offset + last->stored_len;
}

START_TEST(sound_is_said_to_be_sound)
{
    struct sample s;
    struct buf out = {0};
    struct salvage_result result;
    make_sample(&s, 600);
    ck_ok(salvage(buf_span(&s.packed), &result, &out));
    ck_assert(!result.damaged);
    ck_assert_uint_eq(result.note_count, 0);
    ck_assert_uint_eq(result.mended, 0);
    check_all(&s, &result, &out);
    salvage_result_clear(&result);
    buf_free(&out);
    free_sample(&s);
}
END_TEST

/* One bit, anywhere: at most its block is lost, and that only if it's in the block's frames. */
START_TEST(each_bit_flipped)
{
    struct sample s;
    struct buf out = {0};
    make_sample(&s, 500);
    const size_t count = segment_block_count(s.segment);
    const uint64_t blocks = blocks_end(&s);
    uint64_t state = random_seed();
    for (size_t bit = 0, step; bit < s.packed.len * 8; bit += step) {
        struct salvage_result result;
        const size_t at = bit / 8;
        const size_t block = block_of(&s, at);
        const bool frame = at < 8 || s.packed.len - at <= SEGMENT_TRAILER_LEN;
        step = 1 + random_below(&state, (frame         ? 3
                                         : at < blocks ? 500
                                                       : 150) *
                                            (UNDER_ASAN ? 5 : 1));
        s.packed.data[at] ^= (uint8_t)(1 << bit % 8);
        ck_ok(salvage(buf_span(&s.packed), &result, &out));
        s.packed.data[at] ^= (uint8_t)(1 << bit % 8);
        ck_assert_msg(result.damaged && result.note_count, "bit %zu isn't found", bit);
        ck_assert_uint_le(result.blocks_lost, block < count);
        check_all(&s, &result, &out);
        salvage_result_clear(&result);
    }
    buf_free(&out);
    free_sample(&s);
}
END_TEST

/* The index has the tag, lengths and checksum of a block, too. */
START_TEST(head_of_a_block_is_put_right)
{
    struct sample s;
    struct buf out = {0}, bytes = {0};
    make_sample(&s, 500);
    for (size_t i = 0; i < segment_block_count(s.segment); i++) {
        struct salvage_result result;
        buf_clear(&bytes);
        buf_append(&bytes, s.packed.data, s.packed.len);
        memset(bytes.data + segment_block(s.segment, i)->file_offset, 0xff, 10);
        ck_ok(salvage(buf_span(&bytes), &result, &out));
        ck_assert(result.damaged);
        ck_assert_uint_eq(result.mended, 1);
        ck_assert_uint_eq(result.blocks_lost, 0);
        check_all(&s, &result, &out);
        salvage_result_clear(&result);
    }
    buf_free(&bytes);
    buf_free(&out);
    free_sample(&s);
}
END_TEST

/* Bytes overwritten, taken out or put in: all blocks that aren't touched are left. */
START_TEST(bytes_wrong_missing_and_too_many)
{
    struct sample s;
    struct buf out = {0}, bytes = {0};
    uint64_t state = random_seed();
    make_sample(&s, 600);
    const size_t count = segment_block_count(s.segment);
    for (int round = 0; round < (UNDER_ASAN ? 30 : 150); round++) {
        struct salvage_result result;
        const size_t from = 8 + random_below(&state, blocks_end(&s) - 8);
        const size_t len = 1 + random_below(&state, blocks_end(&s) - from);
        const size_t gone = random_percent(&state, 60) ? len : 0;
        const size_t more = random_percent(&state, 60) ? 1 + random_below(&state, 3000) : 0;
        buf_clear(&bytes);
        buf_append(&bytes, s.packed.data, from);
        for (size_t i = 0; i < (gone && more ? gone : more); i++)
            buf_push(&bytes, (uint8_t)random_next(&state));
        buf_append(&bytes, s.packed.data + from + gone, s.packed.len - from - gone);
        ck_ok(salvage(buf_span(&bytes), &result, &out));
        const size_t first = block_of(&s, from);
        const size_t last = gone ? block_of(&s, from + gone - 1) : first;
        ck_assert_uint_le(result.blocks_lost, last - first + 1);
        if (result.blocks)
            check_all(&s, &result, &out);
        else
            ck_assert_uint_eq(out.len, 0);
        ck_assert_uint_eq(result.blocks + result.blocks_lost, count);
        salvage_result_clear(&result);
    }
    buf_free(&bytes);
    buf_free(&out);
    free_sample(&s);
}
END_TEST

/* Any byte of a footer may be any other; and its trailer may be anything. */
START_TEST(footer_and_trailer)
{
    struct sample s;
    struct buf out = {0}, bytes = {0};
    uint64_t state = random_seed();
    make_sample(&s, 500);
    const size_t footer =
        s.packed.len - segment_info(s.segment)->index_bytes + segment_info(s.segment)->filter_bytes;
    for (int round = 0; round < (UNDER_ASAN ? 10 : 60); round++) {
        struct salvage_result result;
        const size_t trailer = s.packed.len - SEGMENT_TRAILER_LEN;
        buf_clear(&bytes);
        buf_append(&bytes, s.packed.data, s.packed.len);
        if (round % 4 == 0)
            bytes.data[footer + random_below(&state, trailer - footer)] ^=
                (uint8_t)(1 + random_below(&state, 255));
        else if (round % 4 == 1)
            memset(bytes.data + trailer + 8, (int)random_next(&state), 8);
        else if (round % 4 == 2)
            bytes.len -= 1 + random_below(&state, SEGMENT_TRAILER_LEN);
        else
            for (size_t i = 0; i <= random_below(&state, 9000); i++)
                buf_push(&bytes, (uint8_t)random_next(&state));
        ck_ok(salvage(buf_span(&bytes), &result, &out));
        ck_assert(result.damaged);
        ck_assert_uint_eq(result.blocks_lost, 0);
        check_all(&s, &result, &out);
        salvage_result_clear(&result);
    }
    buf_free(&bytes);
    buf_free(&out);
    free_sample(&s);
}
END_TEST

/* A segment that has the blocks' bytes in runs, each with a name's next source. */
static void check_gathered(const struct sample *s, const struct buf *out, size_t lost)
{
    struct buf raw = {0};
    size_t at = 0;
    struct segment *left = open_packed(buf_span(out));
    ck_ok(segment_verify(left, &(struct worker){0}, &err));
    ck_assert_uint_le(segment_source_count(left), lost + 1);
    for (size_t i = 0; i < segment_source_count(left); i++) {
        ck_assert_str_eq(segment_source(left, i)->name, "lost and found");
        ck_assert_uint_eq(segment_source(left, i)->id, i + 77);
    }
    for (size_t i = 0; i < segment_block_count(left); i++)
        ck_ok(segment_read_block(left, i, &raw, &err));
    /* All of it, in order, but for the blocks that are lost. */
    for (size_t i = 0, begin = 0; i < segment_block_count(s->segment); i++) {
        const size_t len = segment_block(s->segment, i)->raw_len;
        if (raw.len - at >= len && memcmp(raw.data + at, s->all.data + begin, len) == 0)
            at += len;
        else
            ck_assert_msg(lost--, "more is lost than should be");
        begin += len;
    }
    ck_assert_uint_eq(at, raw.len);
    ck_assert_uint_eq(lost, 0);
    buf_free(&raw);
    segment_close(left);
    make_path();
}

/* The footer is gone: blocks are found by themselves, also those behind damaged ones. */
START_TEST(without_an_index)
{
    struct sample s;
    struct buf out = {0}, bytes = {0};
    uint64_t state = random_seed();
    make_sample(&s, 600);
    const size_t count = segment_block_count(s.segment);
    for (int round = 0; round < (UNDER_ASAN ? 10 : 60); round++) {
        struct salvage_result result;
        const size_t lost = random_below(&state, 4);
        buf_clear(&bytes);
        buf_append(&bytes, s.packed.data, s.packed.len);
        if (round % 2)
            memset(bytes.data + blocks_end(&s), 0, bytes.len - blocks_end(&s));
        else
            bytes.len = blocks_end(&s);
        for (size_t i = 0; i < lost; i++) {
            const struct block_info *block =
                segment_block(s.segment, i * (count / 4) + random_below(&state, count / 4));
            memset(bytes.data + block->file_offset + random_below(&state, 20), 0xee,
                   block->stored_len - 20);
        }
        ck_ok(salvage(buf_span(&bytes), &result, &out));
        ck_assert(result.damaged && !result.indexed && !result.exact);
        ck_assert_uint_eq(result.blocks, count - lost);
        check_gathered(&s, &out, lost);
        salvage_result_clear(&result);
    }
    buf_free(&bytes);
    buf_free(&out);
    free_sample(&s);
}
END_TEST

/* Cut anywhere: the blocks in front of the cut are left. */
START_TEST(cut_anywhere)
{
    struct sample s;
    struct buf out = {0};
    make_sample(&s, 500);
    const size_t count = segment_block_count(s.segment);
    for (size_t len = 0; len < s.packed.len; len += UNDER_ASAN ? 397 : 61) {
        struct salvage_result result;
        const size_t cut = len > 8 ? block_of(&s, len) : 0;
        int code = salvage((struct span){s.packed.data, len}, &result, &out);
        if (len < SEGMENT_HEADER_LEN) {
            ck_assert_int_eq(code, LGZ_ERR_FORMAT);
            continue;
        }
        ck_assert_msg(code == LGZ_OK, "%s", err.message);
        ck_assert(result.damaged);
        ck_assert_uint_eq(result.blocks, cut);
        if (result.indexed)
            check_all(&s, &result, &out);
        else if (cut)
            check_gathered(&s, &out, count - cut);
        else
            ck_assert_uint_eq(out.len, 0);
        salvage_result_clear(&result);
    }
    buf_free(&out);
    free_sample(&s);
}
END_TEST

/* Only the names are lost if the footer is, and nothing else is damaged. */
START_TEST(nothing_is_lost_but_the_index)
{
    struct sample s;
    struct buf out = {0};
    struct salvage_result result;
    make_sample(&s, 600);
    memset(s.packed.data + s.packed.len - 200, 0x55, 100);
    ck_ok(salvage(buf_span(&s.packed), &result, &out));
    ck_assert(result.damaged && !result.indexed && result.exact);
    ck_assert_uint_eq(result.raw_lost, 0);
    ck_assert_uint_eq(result.raw_bytes, s.all.len);
    check_gathered(&s, &out, 0);
    salvage_result_clear(&result);
    buf_free(&out);
    free_sample(&s);
}
END_TEST

START_TEST(several_segments)
{
    struct sample s;
    struct buf out = {0}, bytes = {0}, raw = {0};
    struct salvage_result result;
    make_sample(&s, 500);
    for (int i = 0; i < 3; i++)
        buf_append(&bytes, s.packed.data, s.packed.len);
    ck_ok(salvage(buf_span(&bytes), &result, &out));
    ck_assert(!result.damaged);
    salvage_result_clear(&result);
    bytes.data[s.packed.len + segment_block(s.segment, 2)->file_offset + 40] ^= 4;
    bytes.data[3] ^= 1;
    bytes.data[s.packed.len * 2 + 3] ^= 1;
    ck_ok(salvage(buf_span(&bytes), &result, &out));
    ck_assert(result.damaged && result.exact && result.indexed);
    ck_assert_uint_eq(result.blocks_lost, 1);
    ck_assert_uint_eq(result.blocks, segment_block_count(s.segment) * 3 - 1);
    ck_ok(decompress_text(buf_span(&out), 1 << 16, &raw));
    ck_assert_uint_eq(raw.len + result.raw_lost, s.all.len * 3);
    salvage_result_clear(&result);
    buf_free(&raw);
    buf_free(&bytes);
    buf_free(&out);
    free_sample(&s);
}
END_TEST

/* No file takes long, or is a crash; what isn't a segment, or one of the future, is said. */
START_TEST(anything_else)
{
    struct sample s;
    struct buf out = {0}, bytes = {0};
    struct salvage_result result;
    uint64_t state = random_seed();
    ck_assert_int_eq(salvage(span_of("no segment at all, but long enough for one"), &result, &out),
                     LGZ_ERR_FORMAT);
    salvage_result_clear(&result);
    make_sample(&s, 500);
    for (size_t i = 0; i < 300000; i++)
        buf_push(&bytes, (uint8_t)(random_next(&state) % 5));
    ck_assert_int_eq(salvage(buf_span(&bytes), &result, &out), LGZ_ERR_FORMAT);
    salvage_result_clear(&result);
    memcpy(bytes.data, s.packed.data, SEGMENT_HEADER_LEN);
    bytes.data[7]++;
    ck_assert_int_eq(salvage(buf_span(&bytes), &result, &out), LGZ_ERR_VERSION);
    salvage_result_clear(&result);
    ck_assert_int_eq(segment_salvage("/nowhere/at/all", &(struct salvage_options){.name = ""},
                                     write_to_buf, &out, &result, &err),
                     LGZ_ERR_IO);
    salvage_result_clear(&result);
    buf_free(&bytes);
    buf_free(&out);
    free_sample(&s);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_checked_fixture(tc, make_path, remove_path);
    tcase_add_test(tc, sound_is_said_to_be_sound);
    tcase_add_test(tc, each_bit_flipped);
    tcase_add_test(tc, head_of_a_block_is_put_right);
    tcase_add_test(tc, bytes_wrong_missing_and_too_many);
    tcase_add_test(tc, footer_and_trailer);
    tcase_add_test(tc, without_an_index);
    tcase_add_test(tc, cut_anywhere);
    tcase_add_test(tc, nothing_is_lost_but_the_index);
    tcase_add_test(tc, several_segments);
    tcase_add_test(tc, anything_else);
}

int main(void)
{
    return run_suite("salvage", add_tests, 240);
}
