/* What a convolution is, for kernels: images (batch, height, width, channels), maps (batch,
 * map_height, map_width, features), weights (kernel_height, kernel_width, channels, features). The
 * host passes it by vcl_conv_args (src/gemm/conv.c).
 */
struct conv {
    int height, width, channels, map_height, map_width, features;
    int kernel_height, kernel_width, stride_height, stride_width, pad_height, pad_width;
};

#define CONV_PARAMETERS                                                                            \
    int height, int width, int channels, int map_height, int map_width, int features,              \
        int kernel_height, int kernel_width, int stride_height, int stride_width, int pad_height,  \
        int pad_width
#define CONV_STRUCT                                                                                \
    {                                                                                              \
        height, width, channels, map_height, map_width, features, kernel_height, kernel_width,     \
            stride_height, stride_width, pad_height, pad_width                                     \
    }
