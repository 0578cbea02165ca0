/* try_llama.exe [MODEL]: loads the libraries beside it, says which were taken, and with a model writes a few tokens. */
#include <windows.h>

#include "ggml-backend.h"
#include "llama.h"
#include <stdio.h>
#include <string.h>

#define PROMPT "The capital of France is"

static void quiet(enum ggml_log_level level, const char * text, void * data) {
    (void) data;
    if (level == GGML_LOG_LEVEL_ERROR) fputs(text, stderr);
}

int main(int count, char ** words) {
    llama_log_set(quiet, NULL);
    ggml_backend_load_all_from_path(".");
    llama_backend_init();
    printf("backends %d\n%s\n", (int) ggml_backend_dev_count(), llama_print_system_info());
    if (!LoadLibraryA("libmtmd.dll")) return 6;
    if (count < 2 || ggml_backend_dev_count() == 0) return ggml_backend_dev_count() == 0;
    struct llama_model * model = llama_model_load_from_file(words[1], llama_model_default_params());
    if (!model) return 2;
    struct llama_context_params params = llama_context_default_params();
    params.n_ctx = 256;
    params.n_threads = params.n_threads_batch = 1;
    struct llama_context * context = llama_init_from_model(model, params);
    if (!context) return 3;
    const struct llama_vocab * vocab = llama_model_get_vocab(model);
    struct llama_sampler * greedy = llama_sampler_init_greedy();
    llama_token tokens[64];
    int n = llama_tokenize(vocab, PROMPT, (int) strlen(PROMPT), tokens, 64, true, false);
    if (n <= 0) return 4;
    for (int step = 0; step < 8; step++) {
        if (llama_decode(context, llama_batch_get_one(tokens, n))) return 5;
        char piece[64];
        tokens[0] = llama_sampler_sample(greedy, context, -1);
        n = 1;
        int length = llama_token_to_piece(vocab, tokens[0], piece, sizeof piece, 0, false);
        printf("%.*s", length > 0 ? length : 0, piece);
    }
    puts("");
    return 0;
}
