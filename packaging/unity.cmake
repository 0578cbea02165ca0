# libmtmd's families of models are fifty small files behind the same large headers: compiled by sixteens they take a
# fifth of the time. What is the library's own has macros of one name, and stays apart.
set(own mtmd mtmd-audio mtmd-image mtmd-helper mtmd-helper-gen clip)
list(TRANSFORM own REPLACE "(.+)" "${CMAKE_CURRENT_SOURCE_DIR}/tools/mtmd/\\1.cpp")
cmake_language(DEFER CALL set_source_files_properties ${own} TARGET_DIRECTORY mtmd
               PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
cmake_language(DEFER CALL set_target_properties mtmd PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 16)
